// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Halo2Layout as DirectLayout} from "generated/v1/direct/Halo2Layout.sol";
import {Halo2Layout as WrappedLayout} from "generated/v1/wrapped/Halo2Layout.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {FinialVerifier} from "../src/v1/FinialVerifier.sol";
import {FinialVerifierWrapped} from "../src/v1/FinialVerifierWrapped.sol";
import {Cheats} from "./Cheats.sol";

/// A committed proof, and the contract it is for.
abstract contract Proofs is Cheats {
    uint256 internal constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    uint256 internal constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    struct Proof {
        bytes publicValues;
        bytes proofData;
        bytes callData;
        bytes32 exeCommit;
        bytes32 leafCommit;
        bytes32 codeHash;
        uint256 gas;
    }

    /// Where the words of `proofData` are what.
    struct Layout {
        uint256 limbs;
        uint256 firstScalar;
        uint256 endOfScalars;
        bytes32 codeHash;
        bool insecure;
    }

    function readProof(string memory path) internal view returns (Proof memory proof) {
        string memory json = vm.readFile(path);
        proof.publicValues = vm.parseJsonBytes(json, ".public_values");
        proof.proofData = vm.parseJsonBytes(json, ".proof_data");
        proof.callData = vm.parseJsonBytes(json, ".calldata");
        proof.exeCommit = vm.parseJsonBytes32(json, ".exe_commit");
        proof.leafCommit = vm.parseJsonBytes32(json, ".leaf_commit");
        proof.codeHash = vm.parseJsonBytes32(json, ".code_hash");
        proof.gas = vm.parseJsonUint(json, ".gas");
    }

    /// The proof file beside a circuit's contract.
    function proofOf(string memory circuit) internal view returns (Proof memory) {
        return readProof(string.concat(generatedDirectory(circuit), "proof.json"));
    }

    function deployDirect() internal returns (IFinialVerifier) {
        return new FinialVerifier(deployHalo2("direct"));
    }

    function deployWrapped() internal returns (IFinialVerifier) {
        return new FinialVerifierWrapped(deployHalo2("wrapped"));
    }

    /// A circuit's generated verifier from its committed bytecode, whatever this run compiles sources to.
    function deployHalo2(string memory circuit) private returns (address) {
        return deployCode(committedCode(string.concat(generatedDirectory(circuit), "Halo2Verifier.hex")));
    }

    function deployCode(bytes memory code) internal returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        check(made != address(0), "not created");
    }

    function directLayout() internal pure returns (Layout memory) {
        uint256 first = 2 * DirectLayout.LEADING_POINTS;
        uint256 end = first + DirectLayout.SCALARS;
        return Layout(0, first, end, DirectLayout.VERIFIER_CODE_HASH, DirectLayout.INSECURE_PARAMETERS);
    }

    function wrappedLayout() internal pure returns (Layout memory) {
        uint256 first = WrappedLayout.ACCUMULATOR_WORDS + 2 * WrappedLayout.LEADING_POINTS;
        uint256 end = first + WrappedLayout.SCALARS;
        return Layout(
            WrappedLayout.ACCUMULATOR_WORDS,
            first,
            end,
            WrappedLayout.VERIFIER_CODE_HASH,
            WrappedLayout.INSECURE_PARAMETERS
        );
    }

    /// What the generated verifier takes: limbs, the statement's four scalars, the rest of the proof.
    function rawInput(Proof memory proof, uint256 limbs) internal pure returns (bytes memory) {
        uint256 digest = uint256(sha256(proof.publicValues));
        return bytes.concat(
            slice(proof.proofData, 0, 32 * limbs),
            abi.encodePacked(proof.exeCommit, proof.leafCommit, digest >> 128, digest & type(uint128).max),
            slice(proof.proofData, 32 * limbs, proof.proofData.length)
        );
    }

    function slice(bytes memory data, uint256 from, uint256 to) internal pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i = from; i < to; i++) {
            part[i - from] = data[i];
        }
    }

    function wordAt(bytes memory data, uint256 index) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), shl(5, index)))
        }
    }

    function setWord(bytes memory data, uint256 index, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), shl(5, index)), word)
        }
    }
}
