// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Create2} from "../script/Create2.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";

/// What the deployment scripts share.
contract Create2Test is Create2 {
    /// The proxy's code; chains have it, and so do forge's tests.
    bytes private constant PROXY_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

    function setUp() public {
        vm.chainId(31337);
        vm.etch(PROXY, PROXY_CODE);
    }

    function createOutside(Item calldata what) external returns (address) {
        return create(what);
    }

    function frontOutside(string calldata circuit) external view returns (Item memory) {
        return frontItem(circuit);
    }

    function test_DeploysAVerifierWhereItBelongs() public {
        string[2] memory circuits = ["direct", "wrapped"];
        for (uint256 i = 0; i < 2; i++) {
            if (!isCommitted(circuits[i])) continue;
            Item memory front = frontItem(circuits[i]);
            address halo2 = create(halo2Item(circuits[i]));
            check(create(front) == front.where, "address");
            check(IFinialVerifier(front.where).halo2Verifier() == halo2, "the verifier behind the front");
            check(IFinialVerifier(front.where).verifierCodeHash() == halo2.codehash, "code hash");
            // Once more: nothing to do.
            check(create(front) == front.where, "address");
        }
    }

    function test_DeploysRouterAndAdapterWhereTheyBelong() public {
        address router = create(routerItem(address(this)));
        address adapter = create(adapterItem(address(this), bytes32(uint256(5))));
        (bool ok, bytes memory answer) = adapter.staticcall(abi.encodeWithSignature("router()"));
        check(ok && abi.decode(answer, (address)) == router, "router");
    }

    function testFuzz_AddressesAreThoseOfCreate2(bytes32 value, uint32 chain) public {
        vm.chainId(uint256(chain) + 1);
        // Returns 32 bytes of code: PUSH32 value, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN.
        Item memory what = item("word", abi.encodePacked(hex"7f", value, hex"5f5260205ff3"));
        vm.assume(bytes1(value) != 0xef); // EIP-3541.
        check(create(what) == what.where && what.where.codehash == keccak256(abi.encode(value)), "code");
    }

    function test_SaysWhatIsMissing() public {
        Item memory broken = item("broken", hex"fe");
        vm.expectRevert(abi.encodeWithSelector(NotCreated.selector, "broken", broken.where));
        this.createOutside(broken);
        Item memory empty = item("empty", hex"00");
        vm.expectRevert(abi.encodeWithSelector(NotCreated.selector, "empty", empty.where));
        this.createOutside(empty);
        vm.expectRevert(abi.encodeWithSelector(NoSuchCircuit.selector, "third"));
        this.frontOutside("third");
        vm.etch(PROXY, hex"00");
        vm.expectRevert(abi.encodeWithSelector(NoDeploymentProxy.selector, 31337, PROXY));
        this.createOutside(empty);
    }
}
