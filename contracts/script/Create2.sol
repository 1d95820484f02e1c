// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Cheats} from "../test/Cheats.sol";

/// Finial's contracts, at addresses that depend on their code and constructor arguments alone: not on who
/// deploys, nor on the chain. Codes are the committed ones in `contracts/generated`, not what this machine's
/// compiler makes of the sources.
abstract contract Create2 is Cheats {
    /// The deterministic deployment proxy: takes `salt ‖ init code`. No owner, no state.
    address internal constant PROXY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    /// keccak256 of its code.
    bytes32 internal constant PROXY_CODE_HASH =
        0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989;
    /// One salt for all: versions differ in their code.
    bytes32 internal constant SALT = keccak256("finial");

    /// @notice The proxy is missing on this chain. Put it there first: send 0.01 ether to
    /// 0x3fab184622dc19b6109349b94811493bf45362ef and broadcast the signed transaction published at
    /// github.com/Arachnid/deterministic-deployment-proxy (chains that insist on EIP-155 refuse it; many have
    /// the proxy in their genesis block). Without the proxy the addresses would be others, so nothing is
    /// deployed another way.
    error NoDeploymentProxy(uint256 chainId, address proxy);
    /// @notice The proxy created nothing.
    error NotCreated(string name, address expected);
    /// @notice Other circuits than these there are not.
    error NoSuchCircuit(string circuit);
    /// @notice This circuit's contract is not part of the repository.
    error NotCommitted(string circuit, string directory);

    /// A contract: its name in the deployments file, its init code, and its address.
    struct Item {
        string name;
        bytes initCode;
        address where;
    }

    function item(string memory name, bytes memory initCode) internal pure returns (Item memory) {
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), PROXY, SALT, keccak256(initCode)));
        return Item(name, initCode, address(uint160(uint256(hash))));
    }

    function frontName(string memory circuit) internal pure returns (string memory) {
        if (keccak256(bytes(circuit)) == keccak256("direct")) return "FinialVerifier";
        if (keccak256(bytes(circuit)) == keccak256("wrapped")) return "FinialVerifierWrapped";
        revert NoSuchCircuit(circuit);
    }

    /// Whether a circuit's contract is in the repository (in the profile `small`: the small circuit's).
    function isCommitted(string memory circuit) internal view returns (bool) {
        return vm.exists(string.concat(_directory(circuit), "manifest.json"));
    }

    /// Unlike the tests, a deployment never takes the small circuit for a missing one.
    function _directory(string memory circuit) private view returns (string memory) {
        return string.concat(isSmall() ? SMALL : "contracts/generated/v1/", circuit, "/");
    }

    function _code(string memory circuit, string memory file) private view returns (bytes memory) {
        if (!isCommitted(circuit)) revert NotCommitted(circuit, _directory(circuit));
        return committedCode(string.concat(_directory(circuit), file));
    }

    /// The generated verifier of a circuit.
    function halo2Item(string memory circuit) internal view returns (Item memory) {
        return item(string.concat("v1/", circuit, "/Halo2Verifier"), _code(circuit, "Halo2Verifier.hex"));
    }

    /// The front of that verifier.
    function frontItem(string memory circuit) internal view returns (Item memory) {
        string memory name = string.concat("v1/", circuit, "/", frontName(circuit));
        bytes memory code = _code(circuit, "FinialVerifier.hex");
        return item(name, bytes.concat(code, abi.encode(halo2Item(circuit).where)));
    }

    function routerItem(address owner) internal view returns (Item memory) {
        bytes memory code = committedCode("contracts/generated/FinialRouter.hex");
        return item("FinialRouter", bytes.concat(code, abi.encode(owner)));
    }

    function adapterItem(address owner, bytes32 leafCommit) internal view returns (Item memory) {
        bytes memory code = committedCode("contracts/generated/FinialAdapter.hex");
        address router = routerItem(owner).where;
        return item("FinialAdapter", bytes.concat(code, abi.encode(router, leafCommit)));
    }

    /// Creates what is not there yet. To be called within a broadcast.
    function create(Item memory what) internal returns (address) {
        if (PROXY.codehash != PROXY_CODE_HASH) revert NoDeploymentProxy(block.chainid, PROXY);
        if (what.where.code.length == 0) {
            (bool ok,) = PROXY.call(bytes.concat(SALT, what.initCode));
            if (!ok || what.where.code.length == 0) revert NotCreated(what.name, what.where);
        }
        return what.where;
    }
}
