// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Halo2Verifier as DirectHalo2Verifier} from "generated/v1/direct/Halo2Verifier.sol";
import {Halo2Verifier as WrappedHalo2Verifier} from "generated/v1/wrapped/Halo2Verifier.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {FinialVerifier} from "../src/v1/FinialVerifier.sol";
import {FinialVerifierWrapped} from "../src/v1/FinialVerifierWrapped.sol";
import {Proofs} from "./Proofs.sol";

/// The committed contract and proof of one circuit, through Solidity callers. `FOUNDRY_PROFILE=small` runs
/// the same tests on the small circuits of crates/evm.
abstract contract VerifierSuite is Proofs {
    IFinialVerifier internal front;
    Proof internal good;

    function setUp() public {
        vm.chainId(31337);
        front = deploy();
        good = proofOf(circuit());
        check(good.codeHash == front.verifierCodeHash(), "code_hash");
    }

    function circuit() internal pure virtual returns (string memory);
    function deploy() internal virtual returns (IFinialVerifier);
    function deployBehind(address halo2Verifier) internal virtual returns (IFinialVerifier);
    function creationCode() internal pure virtual returns (bytes memory);
    function halo2CreationCode() internal pure virtual returns (bytes memory);
    function layout() internal pure virtual returns (Layout memory);

    function verify(Proof memory proof) internal view {
        front.verify(proof.publicValues, proof.proofData, proof.exeCommit, proof.leafCommit);
    }

    /// Refused, and with what. With a limit: a point off the curve makes a precompile burn all gas it is given.
    function reasonFor(bytes memory data) internal view returns (bytes memory) {
        (bool ok, bytes memory reason) = address(front).staticcall{gas: 2_000_000}(data);
        check(!ok, "accepted");
        return reason;
    }

    function encode(Proof memory proof) internal view returns (bytes memory) {
        return abi.encodeCall(
            front.verify, (proof.publicValues, proof.proofData, proof.exeCommit, proof.leafCommit)
        );
    }

    function checkRefused(Proof memory proof, bytes memory reason) internal view {
        checkEq(reasonFor(encode(proof)), reason, "another error");
    }

    function checkRejected(Proof memory proof) internal view {
        checkRefused(proof, abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector));
    }

    function raw(bytes memory input) internal view returns (bool ok) {
        (ok,) = front.halo2Verifier().staticcall{gas: 2_000_000}(input);
    }

    /// What the front has to say about a word of `proofData`: nothing (empty) if it is canonical.
    function fault(bytes memory proofData, uint256 index) internal pure returns (bytes memory) {
        uint256 word = wordAt(proofData, index);
        Layout memory l = layout();
        if (index >= l.limbs) {
            bool scalar = index >= l.firstScalar && index < l.endOfScalars;
            if (word < (scalar ? R : Q)) return "";
            if (scalar) {
                return abi.encodeWithSelector(IFinialVerifier.ProofScalarNotCanonical.selector, index);
            }
            return abi.encodeWithSelector(IFinialVerifier.ProofCoordinateNotCanonical.selector, index);
        }
        uint256 first = index - index % 3;
        bool fits = word < (index % 3 == 2 ? 1 << 80 : 1 << 88);
        uint256 lower = wordAt(proofData, first) | (wordAt(proofData, first + 1) << 88);
        if (fits && (index % 3 != 2 || (lower | (word << 176)) < Q)) return "";
        return abi.encodeWithSelector(IFinialVerifier.AccumulatorNotCanonical.selector, index);
    }

    // ---- accepted ----

    function test_AcceptsTheProof() public view {
        verify(good);
    }

    function test_AcceptsTheCalldataOfTheProofFile() public view {
        checkEq(good.callData, encode(good), "calldata");
        (bool ok,) = address(front).staticcall(good.callData);
        check(ok, "the proof file's calldata is rejected");
    }

    function test_GasOfTheCallIsBelowTheMeasuredTransaction() public view {
        bytes memory data = good.callData;
        uint256 before = gasleft();
        (bool ok,) = address(front).staticcall(data);
        uint256 used = before - gasleft();
        check(ok && used < good.gas, "gas");
    }

    // ---- the committed bytecode is that of the committed sources ----

    function test_BytecodeIsTheCommittedOne() public view {
        bytes memory code = committedCode(string.concat(generatedDirectory(circuit()), "Halo2Verifier.hex"));
        checkEq(halo2CreationCode(), code, "Halo2Verifier.hex");
        code = committedCode(string.concat(generatedDirectory(circuit()), "FinialVerifier.hex"));
        checkEq(creationCode(), code, "FinialVerifier.hex");
        check(front.halo2Verifier().codehash == front.verifierCodeHash(), "code hash");
        check(front.halo2Verifier().code.length <= 24576, "EIP-170");
    }

    function test_SaysWhatItIs() public view {
        check(front.verifierCodeHash() == layout().codeHash, "hash");
        check(front.VERSION_SELECTOR() == bytes4(layout().codeHash), "selector");
        check(front.insecureParameters() == layout().insecure, "parameters");
    }

    // ---- another statement ----

    function testFuzz_RejectsOtherPublicValues(bytes calldata values) public view {
        vm.assume(keccak256(values) != keccak256(good.publicValues));
        Proof memory proof = good;
        proof.publicValues = values;
        checkRejected(proof);
    }

    function testFuzz_RejectsOtherCommitments(uint256 exeCommit, uint256 leafCommit) public view {
        Proof memory proof = good;
        proof.exeCommit = bytes32(exeCommit % R);
        vm.assume(proof.exeCommit != good.exeCommit);
        checkRejected(proof);
        proof.exeCommit = good.exeCommit;
        proof.leafCommit = bytes32(leafCommit % R);
        vm.assume(proof.leafCommit != good.leafCommit);
        checkRejected(proof);
    }

    /// Whatever runs out of gas, SHA-256 among it, is refused. The hash takes two thirds of these calls' gas.
    function test_NothingIsAcceptedForWantOfGas() public view {
        Proof memory proof = good;
        proof.publicValues = new bytes(20_000);
        bytes memory data = encode(proof);
        for (uint256 gas = 1000; gas < 40_000; gas += 500) {
            (bool ok,) = address(front).staticcall{gas: gas}(data);
            check(!ok, "accepted");
        }
    }

    // ---- another proof ----

    function testFuzz_RejectsOtherLengths(bytes calldata data, uint256 cut) public view {
        Proof memory proof = good;
        uint256 expected = good.proofData.length;
        proof.proofData = bytes.concat(slice(good.proofData, 0, cut % (expected + 1)), data);
        vm.assume(proof.proofData.length != expected);
        bytes4 name = IFinialVerifier.ProofLengthMismatch.selector;
        checkRefused(proof, abi.encodeWithSelector(name, expected, proof.proofData.length));
    }

    function test_RejectsOtherLengths() public view {
        Proof memory proof = good;
        uint256 expected = good.proofData.length;
        bytes4 name = IFinialVerifier.ProofLengthMismatch.selector;
        for (uint256 i = 0; i < 5; i++) {
            uint256 length = [uint256(0), expected - 32, expected - 1, expected + 1, expected + 32][i];
            proof.proofData = new bytes(length);
            checkRefused(proof, abi.encodeWithSelector(name, expected, length));
        }
    }

    function test_RejectsEveryFlippedWord() public view {
        Proof memory proof = good;
        for (uint256 index = 0; index < proof.proofData.length / 32; index++) {
            uint256 word = wordAt(proof.proofData, index);
            setWord(proof.proofData, index, word ^ 1);
            checkRejected(proof);
            setWord(proof.proofData, index, word);
        }
        verify(proof);
    }

    function testFuzz_NamesWhatIsWrongWithAWord(uint256 index, uint256 value) public view {
        Proof memory proof = good;
        index %= proof.proofData.length / 32;
        vm.assume(value != wordAt(proof.proofData, index));
        setWord(proof.proofData, index, value);
        bytes memory expected = fault(proof.proofData, index);
        // A limb that fits can still make its coordinate too large, which is said of the last limb.
        if (expected.length == 0 && index < layout().limbs) {
            expected = fault(proof.proofData, index - index % 3 + 2);
        }
        if (expected.length == 0) expected = abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector);
        checkRefused(proof, expected);
    }

    // ---- what the generated verifier alone accepts, and the front does not ----

    function test_OnlyTheFrontRefusesPublicInputsPlusTheModulus() public view {
        Proof memory proof = good;
        uint256 limbs = layout().limbs;
        bytes memory input = rawInput(good, limbs);
        for (uint256 index = 0; index < limbs + 4; index++) {
            uint256 word = wordAt(input, index);
            setWord(input, index, word + R);
            check(raw(input), "the generated verifier has become strict: simplify the front");
            setWord(input, index, word);
        }
        proof.exeCommit = bytes32(uint256(good.exeCommit) + R);
        bytes4 name = IFinialVerifier.ExeCommitNotCanonical.selector;
        checkRefused(proof, abi.encodeWithSelector(name, proof.exeCommit));
        proof.exeCommit = good.exeCommit;
        proof.leafCommit = bytes32(uint256(good.leafCommit) + R);
        name = IFinialVerifier.LeafCommitNotCanonical.selector;
        checkRefused(proof, abi.encodeWithSelector(name, proof.leafCommit));
        // The digest's halves the front makes itself; limbs it compares with their bounds.
        proof.leafCommit = good.leafCommit;
        for (uint256 index = 0; index < limbs; index++) {
            uint256 word = wordAt(proof.proofData, index);
            setWord(proof.proofData, index, word + R);
            name = IFinialVerifier.AccumulatorNotCanonical.selector;
            checkRefused(proof, abi.encodeWithSelector(name, index));
            setWord(proof.proofData, index, word);
        }
    }

    function test_OnlyTheFrontRefusesScalarsPlusTheModulus() public view {
        Proof memory proof = good;
        Layout memory l = layout();
        for (uint256 index = l.firstScalar; index < l.endOfScalars; index++) {
            uint256 word = wordAt(proof.proofData, index);
            setWord(proof.proofData, index, word + R);
            check(raw(rawInput(proof, l.limbs)), "the generated verifier has become strict");
            checkRefused(
                proof, abi.encodeWithSelector(IFinialVerifier.ProofScalarNotCanonical.selector, index)
            );
            setWord(proof.proofData, index, word);
        }
    }

    function testFuzz_OnlyTheFrontRefusesTrailingBytes(bytes calldata tail) public view {
        vm.assume(tail.length != 0);
        check(raw(bytes.concat(rawInput(good, layout().limbs), tail)), "the generated verifier is strict");
        checkNotCanonical(bytes.concat(good.callData, tail));
    }

    function test_BothRefuseCoordinatesPlusTheModulus() public view {
        Proof memory proof = good;
        Layout memory l = layout();
        for (uint256 index = l.limbs; index < proof.proofData.length / 32; index++) {
            if (index == l.firstScalar) index = l.endOfScalars;
            uint256 word = wordAt(proof.proofData, index);
            setWord(proof.proofData, index, word + Q);
            check(!raw(rawInput(proof, l.limbs)), "the generated verifier is lax about points too");
            checkRefused(
                proof, abi.encodeWithSelector(IFinialVerifier.ProofCoordinateNotCanonical.selector, index)
            );
            setWord(proof.proofData, index, word);
        }
    }

    // ---- another encoding ----

    function testFuzz_RejectsEveryFlippedBitOfTheCalldata(uint256 bit) public view {
        bytes memory data = good.callData;
        bit %= 8 * data.length;
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        reasonFor(data);
    }

    function test_RejectsPaddingThatIsNotZero() public view {
        bytes memory data = good.callData;
        uint256 used = good.publicValues.length;
        if (used % 32 == 0) return; // No padding to spoil; the Rust tests fix a length that has some.
        data[4 + 5 * 32 + used] = 0x01;
        checkNotCanonical(data);
    }

    function test_RejectsOtherOffsets() public view {
        // A word of zeros before the byte strings, which the decoder would skip.
        bytes memory data = good.callData;
        uint256 head = 4 + 4 * 32;
        data = bytes.concat(slice(data, 0, head), bytes32(0), slice(data, head, data.length));
        (uint256 values, uint256 proof) = (offsetAt(data, 4), offsetAt(data, 36));
        setOffset(data, 4, values + 32);
        setOffset(data, 36, proof + 32);
        checkNotCanonical(data);
    }

    function offsetAt(bytes memory data, uint256 at) private pure returns (uint256 offset) {
        assembly ("memory-safe") {
            offset := mload(add(add(data, 32), at))
        }
    }

    function setOffset(bytes memory data, uint256 at, uint256 offset) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), at), offset)
        }
    }

    function checkNotCanonical(bytes memory data) private view {
        bytes memory name = abi.encodeWithSelector(IFinialVerifier.NonCanonicalCalldata.selector);
        checkEq(reasonFor(data), name, "another error");
    }

    function testFuzz_RejectsCalldataCutShort(uint256 length) public view {
        bytes memory data = good.callData;
        length %= data.length;
        assembly ("memory-safe") {
            mstore(data, length)
        }
        reasonFor(data);
    }

    // ---- where it may live ----

    function test_RejectsOtherCodeAsVerifier() public {
        address[2] memory others = [address(front), address(0xdead)]; // The second has no code at all.
        for (uint256 i = 0; i < 2; i++) {
            bytes4 name = IFinialVerifier.VerifierCodeMismatch.selector;
            vm.expectRevert(abi.encodeWithSelector(name, layout().codeHash, others[i].codehash));
            deployBehind(others[i]);
        }
    }

    function test_DevelopmentContractsRefuseOtherChains() public {
        address verifier = front.halo2Verifier();
        bool insecure = front.insecureParameters();
        bytes memory name = abi.encodeWithSelector(IFinialVerifier.InsecureParametersOnChain.selector, 1);
        vm.chainId(1337);
        verify(good);
        vm.chainId(1);
        if (insecure) vm.expectRevert(name);
        verify(good);
        if (insecure) vm.expectRevert(name);
        deployBehind(verifier);
        // Nor does the generated verifier work there, called by itself.
        check(raw(rawInput(good, layout().limbs)) == !insecure, "the generated verifier's chain");
    }
}

contract FinialVerifierTest is VerifierSuite {
    function circuit() internal pure override returns (string memory) {
        return "direct";
    }

    function deploy() internal override returns (IFinialVerifier) {
        return deployDirect();
    }

    function deployBehind(address halo2Verifier) internal override returns (IFinialVerifier) {
        return new FinialVerifier(halo2Verifier);
    }

    function creationCode() internal pure override returns (bytes memory) {
        return type(FinialVerifier).creationCode;
    }

    function halo2CreationCode() internal pure override returns (bytes memory) {
        return type(DirectHalo2Verifier).creationCode;
    }

    function layout() internal pure override returns (Layout memory) {
        return directLayout();
    }
}

contract FinialVerifierWrappedTest is VerifierSuite {
    function circuit() internal pure override returns (string memory) {
        return "wrapped";
    }

    function deploy() internal override returns (IFinialVerifier) {
        return deployWrapped();
    }

    function deployBehind(address halo2Verifier) internal override returns (IFinialVerifier) {
        return new FinialVerifierWrapped(halo2Verifier);
    }

    function creationCode() internal pure override returns (bytes memory) {
        return type(FinialVerifierWrapped).creationCode;
    }

    function halo2CreationCode() internal pure override returns (bytes memory) {
        return type(WrappedHalo2Verifier).creationCode;
    }

    function layout() internal pure override returns (Layout memory) {
        return wrappedLayout();
    }

    /// Each limb one above its bound, and each coordinate exactly Q, which differs from zero only in name.
    function test_NamesLimbsAndCoordinatesThatAreTooLarge() public view {
        Proof memory proof = good;
        for (uint256 index = 0; index < 12; index++) {
            uint256 word = wordAt(proof.proofData, index);
            setWord(proof.proofData, index, index % 3 == 2 ? 1 << 80 : 1 << 88);
            checkRefused(
                proof, abi.encodeWithSelector(IFinialVerifier.AccumulatorNotCanonical.selector, index)
            );
            setWord(proof.proofData, index, word);
        }
        for (uint256 first = 0; first < 12; first += 3) {
            proof.proofData = bytes.concat(good.proofData);
            setWord(proof.proofData, first, Q & (2 ** 88 - 1));
            setWord(proof.proofData, first + 1, (Q >> 88) & (2 ** 88 - 1));
            setWord(proof.proofData, first + 2, Q >> 176);
            checkRefused(
                proof, abi.encodeWithSelector(IFinialVerifier.AccumulatorNotCanonical.selector, first + 2)
            );
        }
    }

    /// A coordinate's value with one bit carried from one limb to the next below it.
    function test_RejectsAnotherCutIntoLimbs() public view {
        Proof memory proof = good;
        for (uint256 first = 0; first < 12; first += 3) {
            proof.proofData = bytes.concat(good.proofData);
            setWord(proof.proofData, first, wordAt(proof.proofData, first) + (1 << 88));
            setWord(proof.proofData, first + 1, wordAt(proof.proofData, first + 1) - 1);
            checkRefused(
                proof, abi.encodeWithSelector(IFinialVerifier.AccumulatorNotCanonical.selector, first)
            );
        }
    }

    /// Both points exchanged: well formed, and not what the proof is about.
    function test_RejectsAnotherAccumulator() public view {
        Proof memory proof = good;
        for (uint256 index = 0; index < 6; index++) {
            (uint256 a, uint256 b) = (wordAt(proof.proofData, index), wordAt(proof.proofData, index + 6));
            setWord(proof.proofData, index, b);
            setWord(proof.proofData, index + 6, a);
        }
        checkRejected(proof);
    }

    /// A proof of the small circuit that is valid in all but the accumulator's pairing: of an accumulator
    /// whose two points were exchanged before proving.
    function test_RejectsAProofWhoseAccumulatorDoesNotHold() public {
        string memory directory = string.concat(SMALL, "wrapped/");
        address halo2 = deployCode(committedCode(string.concat(directory, "Halo2Verifier.hex")));
        bytes memory code = committedCode(string.concat(directory, "FinialVerifier.hex"));
        front = IFinialVerifier(deployCode(bytes.concat(code, abi.encode(halo2))));
        verify(readProof(string.concat(directory, "proof.json")));
        Proof memory proof = readProof(string.concat(directory, "false-accumulator.json"));
        checkRejected(proof);
        check(!raw(rawInput(proof, 12)), "the generated verifier ignores the accumulator");
    }
}
