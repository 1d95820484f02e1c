// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Halo2Layout} from "generated/Halo2Layout.sol";
import {Halo2Verifier} from "generated/Halo2Verifier.sol";
import {FinialVerifier} from "../src/FinialVerifier.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {Cheats} from "./Cheats.sol";

/// The committed contract and proof, through Solidity callers. `FOUNDRY_PROFILE=small` runs the same
/// tests on the small circuit of crates/evm.
contract FinialVerifierTest is Cheats {
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    FinialVerifier private front;
    bytes private publicValues;
    bytes private proofData;
    bytes private callData;
    bytes32 private exeCommit;
    bytes32 private leafCommit;
    uint256 private measuredGas;

    function setUp() public {
        vm.chainId(31337);
        front = new FinialVerifier(address(new Halo2Verifier()));
        string memory json = vm.readFile(string.concat(generatedDirectory(), "proof.json"));
        publicValues = vm.parseJsonBytes(json, ".public_values");
        proofData = vm.parseJsonBytes(json, ".proof_data");
        callData = vm.parseJsonBytes(json, ".calldata");
        exeCommit = vm.parseJsonBytes32(json, ".exe_commit");
        leafCommit = vm.parseJsonBytes32(json, ".leaf_commit");
        measuredGas = vm.parseJsonUint(json, ".gas");
        check(vm.parseJsonBytes32(json, ".code_hash") == front.verifierCodeHash(), "code_hash");
    }

    function verify() private view {
        front.verify(publicValues, proofData, exeCommit, leafCommit);
    }

    function expect(bytes4 selector) private {
        vm.expectRevert(abi.encodeWithSelector(selector));
    }

    function expect(bytes4 selector, uint256 argument) private {
        vm.expectRevert(abi.encodeWithSelector(selector, argument));
    }

    // ---- accepted ----

    function test_AcceptsTheProof() public view {
        verify();
    }

    function test_AcceptsTheCalldataOfTheProofFile() public view {
        checkEq(
            callData,
            abi.encodeCall(front.verify, (publicValues, proofData, exeCommit, leafCommit)),
            "calldata"
        );
        (bool ok,) = address(front).staticcall(callData);
        check(ok, "the proof file's calldata is rejected");
    }

    function test_GasOfTheCallIsBelowTheMeasuredTransaction() public view {
        bytes memory data = callData;
        uint256 before = gasleft();
        (bool ok,) = address(front).staticcall(data);
        uint256 used = before - gasleft();
        check(ok && used < measuredGas, "gas");
    }

    // ---- the committed bytecode is that of the committed sources ----

    function test_BytecodeIsTheCommittedOne() public view {
        checkEq(type(Halo2Verifier).creationCode, committed("Halo2Verifier.hex"), "Halo2Verifier.hex");
        checkEq(type(FinialVerifier).creationCode, committed("FinialVerifier.hex"), "FinialVerifier.hex");
        check(front.halo2Verifier().codehash == front.verifierCodeHash(), "code hash");
        check(front.halo2Verifier().code.length <= 24576, "EIP-170");
    }

    function committed(string memory file) private view returns (bytes memory) {
        return vm.parseBytes(vm.trim(vm.readFile(string.concat(generatedDirectory(), file))));
    }

    // ---- another statement ----

    function test_RejectsAChangedPublicValue() public {
        publicValues[0] ^= 0x01;
        expect(IFinialVerifier.ProofRejected.selector);
        verify();
    }

    function test_RejectsALongerPublicValue() public {
        publicValues.push(0);
        expect(IFinialVerifier.ProofRejected.selector);
        verify();
    }

    function test_RejectsAnotherExeCommit() public {
        exeCommit = bytes32(addmod(uint256(exeCommit), 1, R));
        expect(IFinialVerifier.ProofRejected.selector);
        verify();
    }

    function test_RejectsAnotherLeafCommit() public {
        leafCommit = bytes32(addmod(uint256(leafCommit), 1, R));
        expect(IFinialVerifier.ProofRejected.selector);
        verify();
    }

    // ---- another proof ----

    function test_RejectsOtherLengths() public {
        bytes memory whole = proofData;
        for (uint256 i = 0; i < 3; i++) {
            uint256 length = [uint256(0), whole.length - 32, whole.length - 1][i];
            bytes memory cut = new bytes(length);
            for (uint256 j = 0; j < length; j++) {
                cut[j] = whole[j];
            }
            rejectLength(cut);
        }
        rejectLength(bytes.concat(whole, hex"00"));
        rejectLength(bytes.concat(whole, bytes32(0)));
    }

    function rejectLength(bytes memory proof) private {
        uint256 expected = proofData.length;
        vm.expectRevert(
            abi.encodeWithSelector(IFinialVerifier.ProofLengthMismatch.selector, expected, proof.length)
        );
        front.verify(publicValues, proof, exeCommit, leafCommit);
    }

    function test_RejectsEveryFlippedWord() public view {
        bytes memory proof = proofData;
        for (uint256 index = 0; index < proof.length / 32; index++) {
            uint256 word = wordAt(proof, index);
            setWord(proof, index, word ^ 1);
            // With a limit: a point that is off the curve makes a precompile burn all gas it is given.
            (bool ok, bytes memory reason) = address(front).staticcall{gas: 1_000_000}(
                abi.encodeCall(front.verify, (publicValues, proof, exeCommit, leafCommit))
            );
            check(!ok, "accepted");
            checkEq(reason, abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector), "another error");
            setWord(proof, index, word);
        }
        front.verify(publicValues, proof, exeCommit, leafCommit);
    }

    function test_RejectsEveryWordPlusItsModulus() public {
        bytes memory proof = proofData;
        uint256 start = 2 * Halo2Layout.LEADING_POINTS;
        for (uint256 index = 0; index < proof.length / 32; index++) {
            bool scalar = index >= start && index < start + Halo2Layout.SCALARS;
            uint256 word = wordAt(proof, index);
            setWord(proof, index, word + (scalar ? R : Q));
            expect(
                scalar
                    ? IFinialVerifier.ProofScalarNotCanonical.selector
                    : IFinialVerifier.ProofCoordinateNotCanonical.selector,
                index
            );
            front.verify(publicValues, proof, exeCommit, leafCommit);
            setWord(proof, index, word);
        }
    }

    function wordAt(bytes memory data, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), shl(5, index)))
        }
    }

    function setWord(bytes memory data, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), shl(5, index)), word)
        }
    }

    // ---- another encoding ----

    function test_RejectsCommitsPlusTheModulus() public {
        bytes32 raised = bytes32(uint256(exeCommit) + R);
        expect(IFinialVerifier.ExeCommitNotCanonical.selector, uint256(raised));
        front.verify(publicValues, proofData, raised, leafCommit);
        raised = bytes32(uint256(leafCommit) + R);
        expect(IFinialVerifier.LeafCommitNotCanonical.selector, uint256(raised));
        front.verify(publicValues, proofData, exeCommit, raised);
    }

    function test_RejectsTrailingCalldata() public view {
        rejectCalldata(bytes.concat(callData, hex"00"));
        rejectCalldata(bytes.concat(callData, bytes32(0)));
    }

    function test_RejectsPaddingThatIsNotZero() public view {
        bytes memory data = callData;
        uint256 used = publicValues.length;
        if (used % 32 == 0) return; // No padding to spoil; the Rust tests fix a length that has some.
        data[4 + 5 * 32 + used] = 0x01;
        rejectCalldata(data);
    }

    function rejectCalldata(bytes memory data) private view {
        (bool ok, bytes memory reason) = address(front).staticcall(data);
        check(!ok, "accepted");
        checkEq(
            reason, abi.encodeWithSelector(IFinialVerifier.NonCanonicalCalldata.selector), "another error"
        );
    }

    function test_RejectsCalldataCutShort() public view {
        bytes memory data = callData;
        assembly ("memory-safe") {
            mstore(data, sub(mload(data), 1))
        }
        (bool ok,) = address(front).staticcall(data);
        check(!ok, "accepted");
    }

    // ---- where it may live ----

    function test_RejectsOtherCodeAsVerifier() public {
        address other = address(front);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinialVerifier.VerifierCodeMismatch.selector, Halo2Layout.VERIFIER_CODE_HASH, other.codehash
            )
        );
        new FinialVerifier(other);
        // An account without code has another hash as well.
        vm.expectRevert(
            abi.encodeWithSelector(
                IFinialVerifier.VerifierCodeMismatch.selector, Halo2Layout.VERIFIER_CODE_HASH, bytes32(0)
            )
        );
        new FinialVerifier(address(0xdead));
    }

    function test_DevelopmentContractsRefuseOtherChains() public {
        address verifier = front.halo2Verifier();
        bool insecure = front.insecureParameters();
        vm.chainId(1);
        if (insecure) expect(IFinialVerifier.InsecureParametersOnChain.selector, 1);
        verify();
        if (insecure) expect(IFinialVerifier.InsecureParametersOnChain.selector, 1);
        new FinialVerifier(verifier);
        // Nor does the generated verifier work there, called by itself.
        (bool ok,) = verifier.staticcall(instanceAndProof());
        check(ok == !insecure, "the generated verifier's chain");
    }

    function test_TheGeneratedVerifierAloneIsLax() public view {
        // Why there is a contract in front: alone, it takes bytes behind the proof.
        (bool ok,) = front.halo2Verifier().staticcall(bytes.concat(instanceAndProof(), hex"00"));
        check(ok, "the generated verifier has become strict: simplify the front");
    }

    function instanceAndProof() private view returns (bytes memory) {
        uint256 digest = uint256(sha256(publicValues));
        return abi.encodePacked(exeCommit, leafCommit, digest >> 128, digest & type(uint128).max, proofData);
    }
}
