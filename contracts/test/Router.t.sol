// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {FinialAdapter} from "../src/FinialAdapter.sol";
import {FinialRouter} from "../src/FinialRouter.sol";
import {IFinialRouter} from "../src/IFinialRouter.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {Proofs} from "./Proofs.sol";

/// Stands where a verifier does, and tells what it was called with by reverting with it.
contract Echo {
    error Called(bytes data);

    address public immutable halo2Verifier;

    /// What makes it another contract, with another selector.
    constructor(bytes memory code) {
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        halo2Verifier = made;
    }

    // forge-lint: disable-next-line(mixed-case-function)
    function VERSION_SELECTOR() external view returns (bytes4) {
        return bytes4(halo2Verifier.codehash);
    }

    function verify(bytes calldata, bytes calldata, bytes32, bytes32) external pure {
        revert Called(msg.data);
    }
}

/// Answers as a verifier whose selector is not that of the code behind it.
contract Liar {
    bytes4 public immutable VERSION_SELECTOR;
    address public immutable halo2Verifier;

    constructor(bytes4 selector, address verifier) {
        VERSION_SELECTOR = selector;
        halo2Verifier = verifier;
    }
}

/// Answers every call with the given bytes.
contract Answers {
    bytes private answer;

    constructor(bytes memory answer_) {
        answer = answer_;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return answer;
    }
}

/// Router and adapter over both circuits' verifiers.
contract RouterTest is Proofs {
    address private constant OWNER = address(0x0A);
    FinialRouter private router;
    FinialAdapter private adapter;
    IFinialVerifier[2] private fronts;
    Echo private echo;

    function setUp() public {
        vm.chainId(31337);
        router = new FinialRouter(OWNER);
        fronts = [deployDirect(), deployWrapped()];
        echo = new Echo(returning(hex"01"));
        add(address(fronts[0]));
        add(address(fronts[1]));
        add(address(echo));
        adapter = new FinialAdapter(router, proofOf("direct").leafCommit);
    }

    /// Creation code of a contract whose code is `code`, of up to 32 bytes.
    function returning(bytes memory code) private pure returns (bytes memory) {
        uint8 length = uint8(code.length);
        return abi.encodePacked(hex"60", length, hex"600c60003960", length, hex"6000f3", code);
    }

    function add(address verifier) private {
        vm.prank(OWNER);
        router.add(verifier);
    }

    function freeze(bytes4 selector) private {
        vm.prank(OWNER);
        router.freeze(selector);
    }

    function routed(uint256 i, Proof memory proof) private view returns (bytes memory) {
        return bytes.concat(fronts[i].VERSION_SELECTOR(), proof.proofData);
    }

    function proofs() private view returns (Proof[2] memory) {
        return [proofOf("direct"), proofOf("wrapped")];
    }

    function verify(bytes memory proofBytes, Proof memory proof) private view {
        router.verify(proof.publicValues, proofBytes, proof.exeCommit, proof.leafCommit);
    }

    function notOwner(address who) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, who);
    }

    // ---- proofs ----

    function test_RoutesProofsOfEachVersion() public view {
        for (uint256 i = 0; i < 2; i++) {
            verify(routed(i, proofs()[i]), proofs()[i]);
        }
    }

    function test_AProofUnderTheOtherSelectorIsRefused() public {
        Proof memory proof = proofs()[0];
        bytes memory proofBytes = routed(1, proof);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinialVerifier.ProofLengthMismatch.selector,
                proofs()[1].proofData.length,
                proof.proofData.length
            )
        );
        verify(proofBytes, proof);
    }

    function testFuzz_VerifiersErrorsComeThrough(bytes calldata values) public {
        Proof memory proof = proofs()[0];
        vm.assume(keccak256(values) != keccak256(proof.publicValues));
        proof.publicValues = values;
        bytes memory proofBytes = routed(0, proof);
        vm.expectRevert(abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector));
        verify(proofBytes, proof);
    }

    function testFuzz_RefusesUnknownSelectors(bytes4 selector, bytes calldata proofData) public {
        (address verifier,) = router.routes(selector);
        vm.assume(verifier == address(0));
        vm.expectRevert(abi.encodeWithSelector(IFinialRouter.UnknownVersion.selector, selector));
        router.verify("", bytes.concat(selector, proofData), 0, 0);
    }

    function test_RefusesProofsWithoutASelector() public {
        bytes[4] memory cut = [bytes(""), hex"01", hex"0102", hex"010203"];
        for (uint256 i = 0; i < 4; i++) {
            vm.expectRevert(abi.encodeWithSelector(IFinialRouter.SelectorMissing.selector, i));
            router.verify("", cut[i], 0, 0);
        }
    }

    /// The verifier is called with the canonical encoding of what was meant.
    function testFuzz_ReencodesCanonically(
        bytes calldata values,
        bytes calldata proofData,
        bytes32 exe,
        bytes32 leaf
    ) public {
        bytes memory proofBytes = bytes.concat(echo.VERSION_SELECTOR(), proofData);
        vm.expectRevert(canonical(values, proofData, exe, leaf));
        router.verify(values, proofBytes, exe, leaf);
        vm.expectRevert(canonical(values, proofData, exe, adapter.leafCommit()));
        adapter.verifyProof(exe, values, proofBytes);
    }

    /// However the caller encoded it: byte strings in the other order, a gap between, bytes behind.
    function testFuzz_ReencodesWhatIsNotCanonical(
        bytes calldata values,
        bytes calldata data,
        bytes calldata tail
    ) public view {
        bytes memory proofBytes = bytes.concat(echo.VERSION_SELECTOR(), data);
        bytes memory proofWords = padded(proofBytes);
        bytes memory call = abi.encodePacked(
            router.verify.selector, 5 * 32 + proofWords.length, uint256(5 * 32), bytes32(0), bytes32(0)
        );
        // A word of dirt, the proof, the values, their padding dirty as well if there is any, a tail.
        bytes memory valueWords = bytes.concat(bytes32(values.length), values, tail, bytes32(0));
        call = bytes.concat(call, bytes32(uint256(1)), proofWords, valueWords);
        (bool ok, bytes memory reason) = address(router).staticcall(call);
        check(!ok, "the echo reverts");
        checkEq(reason, canonical(values, data, 0, 0), "not canonical");
    }

    function padded(bytes memory data) private pure returns (bytes memory) {
        return bytes.concat(bytes32(data.length), data, new bytes((32 - data.length % 32) % 32));
    }

    function canonical(bytes memory values, bytes memory proofData, bytes32 exe, bytes32 leaf)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            Echo.Called.selector, abi.encodeCall(IFinialVerifier.verify, (values, proofData, exe, leaf))
        );
    }

    // ---- adding ----

    function test_AddsAVerifierUnderItsOwnSelector() public {
        Echo other = new Echo(returning(hex"0202"));
        bytes4 selector = other.VERSION_SELECTOR();
        vm.expectEmit(address(router));
        emit IFinialRouter.VersionAdded(selector, address(other));
        add(address(other));
        (address verifier, bool frozen) = router.routes(selector);
        check(verifier == address(other) && !frozen, "route");
    }

    function test_NeverOverwrites() public {
        // Another contract in front of the same code, and the same contract again.
        address[2] memory candidates = [address(deployDirect()), address(fronts[0])];
        bytes4 selector = fronts[0].VERSION_SELECTOR();
        for (uint256 i = 0; i < 2; i++) {
            bytes4 name = IFinialRouter.VersionExists.selector;
            vm.expectRevert(abi.encodeWithSelector(name, selector, address(fronts[0])));
            add(candidates[i]);
        }
        // Freezing does not make room.
        freeze(selector);
        vm.expectRevert(
            abi.encodeWithSelector(IFinialRouter.VersionExists.selector, selector, address(fronts[0]))
        );
        add(candidates[0]);
    }

    function test_AddsOnlyVerifiers() public {
        address halo2 = fronts[0].halo2Verifier();
        refuseToAdd(address(0xdead)); // No code.
        refuseToAdd(halo2); // Reverts.
        refuseToAdd(address(new Answers(""))); // Says nothing.
        refuseToAdd(address(new Answers(new bytes(64)))); // Says too much.
        refuseToAdd(address(new Answers(new bytes(32)))); // A selector of zeros.
        refuseToAdd(address(new Liar(0, address(0xbeef)))); // The same, and it is that of no code.
        refuseToAdd(address(new Liar(0x01020304, halo2)));
        refuseToAdd(address(new Liar(bytes4(halo2.codehash), address(echo))));
    }

    function refuseToAdd(address candidate) private {
        vm.expectRevert(abi.encodeWithSelector(IFinialRouter.NotAVerifier.selector, candidate));
        add(candidate);
    }

    // ---- freezing ----

    function test_FreezingIsForGood() public {
        Proof memory proof = proofs()[0];
        bytes memory proofBytes = routed(0, proof);
        bytes4 selector = fronts[0].VERSION_SELECTOR();
        vm.expectEmit(address(router));
        emit IFinialRouter.VersionFrozen(selector, address(fronts[0]));
        freeze(selector);
        (address verifier, bool frozen) = router.routes(selector);
        check(verifier == address(fronts[0]) && frozen, "route");
        bytes memory name = abi.encodeWithSelector(IFinialRouter.VersionIsFrozen.selector, selector);
        vm.expectRevert(name);
        verify(proofBytes, proof);
        vm.expectRevert(name);
        freeze(selector);
        // The other version goes on, and so does the frozen one's verifier, called by itself.
        verify(routed(1, proofs()[1]), proofs()[1]);
        fronts[0].verify(proof.publicValues, proof.proofData, proof.exeCommit, proof.leafCommit);
    }

    function testFuzz_FreezesOnlyWhatIsThere(bytes4 selector) public {
        (address verifier,) = router.routes(selector);
        vm.assume(verifier == address(0));
        vm.expectRevert(abi.encodeWithSelector(IFinialRouter.UnknownVersion.selector, selector));
        freeze(selector);
    }

    // ---- the owner ----

    function testFuzz_OnlyTheOwnerAddsAndFreezes(address who) public {
        vm.assume(who != OWNER && who != address(0));
        Echo other = new Echo(returning(hex"0202"));
        bytes4 selector = fronts[0].VERSION_SELECTOR();
        vm.expectRevert(notOwner(who));
        vm.prank(who);
        router.add(address(other));
        vm.expectRevert(notOwner(who));
        vm.prank(who);
        router.freeze(selector);
        vm.expectRevert(notOwner(who));
        vm.prank(who);
        router.transferOwnership(who);
        vm.expectRevert(notOwner(who));
        vm.prank(who);
        router.acceptOwnership();
        vm.expectRevert(notOwner(who));
        vm.prank(who);
        router.renounceOwnership();
    }

    function testFuzz_HandingOverTakesTwoSteps(address next, address other) public {
        vm.assume(next != OWNER && next != address(0) && other != next && other != OWNER);
        vm.prank(OWNER);
        router.transferOwnership(next);
        check(router.owner() == OWNER && router.pendingOwner() == next, "offered");
        vm.expectRevert(notOwner(other));
        vm.prank(other);
        router.acceptOwnership();
        vm.prank(next);
        router.acceptOwnership();
        check(router.owner() == next && router.pendingOwner() == address(0), "accepted");
        bytes4 selector = fronts[0].VERSION_SELECTOR();
        vm.expectRevert(notOwner(OWNER));
        freeze(selector);
        vm.prank(next);
        router.freeze(selector);
    }

    function test_OwnershipCannotBeRenounced() public {
        vm.expectRevert(abi.encodeWithSelector(IFinialRouter.OwnershipCannotBeRenounced.selector));
        vm.prank(OWNER);
        router.renounceOwnership();
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new FinialRouter(address(0));
    }

    // ---- the adapter ----

    function test_TheAdapterTakesProofsOfEachVersion() public {
        for (uint256 i = 0; i < 2; i++) {
            Proof memory proof = proofs()[i];
            adapter = new FinialAdapter(router, proof.leafCommit);
            check(adapter.router() == router && adapter.leafCommit() == proof.leafCommit, "arguments");
            adapter.verifyProof(proof.exeCommit, proof.publicValues, routed(i, proof));
        }
    }

    function testFuzz_TheAdapterFixesTheStatement(uint256 programVKey, uint256 leafCommit) public {
        Proof memory proof = proofs()[0];
        programVKey %= R;
        leafCommit %= R;
        vm.assume(bytes32(programVKey) != proof.exeCommit && bytes32(leafCommit) != proof.leafCommit);
        bytes memory proofBytes = routed(0, proof);
        bytes memory name = abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector);
        vm.expectRevert(name);
        adapter.verifyProof(bytes32(programVKey), proof.publicValues, proofBytes);
        FinialAdapter other = new FinialAdapter(router, bytes32(leafCommit));
        vm.expectRevert(name);
        other.verifyProof(proof.exeCommit, proof.publicValues, proofBytes);
    }

    function test_TheAdapterPassesErrorsOn() public {
        vm.expectRevert(abi.encodeWithSelector(IFinialRouter.SelectorMissing.selector, 0));
        adapter.verifyProof(0, "", "");
        vm.expectRevert(abi.encodeWithSelector(IFinialRouter.UnknownVersion.selector, bytes4("none")));
        adapter.verifyProof(0, "", "none");
    }

    function test_TheAdapterNeedsARouter() public {
        vm.expectRevert(abi.encodeWithSelector(FinialAdapter.RouterHasNoCode.selector, address(0xdead)));
        new FinialAdapter(IFinialRouter(address(0xdead)), 0);
    }

    // ---- the committed bytecode is that of the committed sources ----

    function test_BytecodeIsTheCommittedOne() public view {
        bytes memory code = committedCode("contracts/generated/FinialRouter.hex");
        checkEq(type(FinialRouter).creationCode, code, "FinialRouter.hex; run scripts/contract --front");
        code = committedCode("contracts/generated/FinialAdapter.hex");
        checkEq(type(FinialAdapter).creationCode, code, "FinialAdapter.hex; run scripts/contract --front");
    }
}
