// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFinialVerifier} from "./IFinialVerifier.sol";
import {Halo2Layout} from "generated/Halo2Layout.sol";

/// @title The contract in front of the generated verifier.
/// @notice The generated verifier reduces scalars modulo the field and ignores bytes behind its input, so
/// one statement would have many encodings. This contract accepts exactly one, builds the four instance
/// scalars itself, and calls the generated verifier at an address fixed at construction. Nothing a
/// caller supplies chooses a call's target or selector.
contract FinialVerifier is IFinialVerifier {
    /// Modulus of BN254's scalar field (the field of scalars and instances).
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// Modulus of BN254's base field (the field of point coordinates).
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    /// Where `publicValues` starts in the canonical calldata: selector, four head words, its length.
    uint256 private constant PUBLIC_VALUES_OFFSET = 4 + 4 * 32 + 32;

    /// Words [0, SCALARS_START) and [SCALARS_END, WORDS) of a proof are coordinates, the others scalars.
    uint256 private constant SCALARS_START = 2 * Halo2Layout.LEADING_POINTS;
    uint256 private constant SCALARS_END = SCALARS_START + Halo2Layout.SCALARS;
    uint256 private constant WORDS = SCALARS_END + 2 * Halo2Layout.TRAILING_POINTS;

    /// @inheritdoc IFinialVerifier
    address public immutable halo2Verifier;

    /// @param verifier The deployed generated verifier; its code must hash to the generated constant.
    constructor(address verifier) {
        _requireAllowedChain();
        bytes32 actual = verifier.codehash;
        if (actual != Halo2Layout.VERIFIER_CODE_HASH) {
            revert VerifierCodeMismatch(Halo2Layout.VERIFIER_CODE_HASH, actual);
        }
        halo2Verifier = verifier;
    }

    /// @inheritdoc IFinialVerifier
    function verifierCodeHash() external pure returns (bytes32) {
        return Halo2Layout.VERIFIER_CODE_HASH;
    }

    /// @inheritdoc IFinialVerifier
    function insecureParameters() external pure returns (bool) {
        return Halo2Layout.INSECURE_PARAMETERS;
    }

    /// @inheritdoc IFinialVerifier
    function verify(
        bytes calldata publicValues,
        bytes calldata proofData,
        bytes32 exeCommit,
        bytes32 leafCommit
    ) external view {
        _requireAllowedChain();
        if (proofData.length != WORDS * 32) revert ProofLengthMismatch(WORDS * 32, proofData.length);
        _requireCanonicalCalldata(publicValues, proofData);
        if (uint256(exeCommit) >= R) revert ExeCommitNotCanonical(exeCommit);
        if (uint256(leafCommit) >= R) revert LeafCommitNotCanonical(leafCommit);
        _requireCanonicalWords(proofData);

        // The instance: two commitments, then the digest as two big-endian integers of 16 bytes.
        uint256 digest = uint256(sha256(publicValues));
        address verifier = halo2Verifier;
        bool accepted;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, exeCommit)
            mstore(add(input, 0x20), leafCommit)
            mstore(add(input, 0x40), shr(128, digest))
            mstore(add(input, 0x60), and(digest, 0xffffffffffffffffffffffffffffffff))
            calldatacopy(add(input, 0x80), proofData.offset, proofData.length)
            accepted := staticcall(gas(), verifier, input, add(0x80, proofData.length), 0, 0)
        }
        if (!accepted) revert ProofRejected();
    }

    /// Development parameters are a toy: their secret is known. They stay on anvil, hardhat and geth --dev.
    function _requireAllowedChain() private view {
        if (Halo2Layout.INSECURE_PARAMETERS && block.chainid != 31337 && block.chainid != 1337) {
            revert InsecureParametersOnChain(block.chainid);
        }
    }

    /// Both byte strings lie where the encoder puts them, zero padding between, nothing behind.
    /// `proofData` is known to be whole words.
    function _requireCanonicalCalldata(bytes calldata publicValues, bytes calldata proofData) private pure {
        bool canonical;
        assembly ("memory-safe") {
            let used := publicValues.length
            let padded := and(add(used, 31), not(31))
            let end := add(PUBLIC_VALUES_OFFSET, used)
            // The `padded - used` bytes behind the public values, moved to the word's low end.
            let gap := shl(3, sub(padded, used))
            let padding := shr(sub(256, gap), calldataload(end))
            canonical := and(
                and(eq(publicValues.offset, PUBLIC_VALUES_OFFSET), iszero(padding)),
                and(
                    eq(proofData.offset, add(add(PUBLIC_VALUES_OFFSET, padded), 32)),
                    eq(calldatasize(), add(proofData.offset, proofData.length))
                )
            )
        }
        if (!canonical) revert NonCanonicalCalldata();
    }

    /// Every coordinate is below Q and every scalar below R: no second encoding of the same proof.
    function _requireCanonicalWords(bytes calldata proofData) private pure {
        if (!_allBelow(proofData, 0, SCALARS_START, Q)) {
            revert ProofCoordinateNotCanonical(_firstNotBelow(proofData, 0, Q));
        }
        if (!_allBelow(proofData, SCALARS_START, SCALARS_END, R)) {
            revert ProofScalarNotCanonical(_firstNotBelow(proofData, SCALARS_START, R));
        }
        if (!_allBelow(proofData, SCALARS_END, WORDS, Q)) {
            revert ProofCoordinateNotCanonical(_firstNotBelow(proofData, SCALARS_END, Q));
        }
    }

    /// Whether all words of `proofData[from..to)` are below `modulus`; four at a time, to save gas.
    function _allBelow(bytes calldata proofData, uint256 from, uint256 to, uint256 modulus)
        private
        pure
        returns (bool below)
    {
        assembly ("memory-safe") {
            let at := add(proofData.offset, shl(5, from))
            let end := add(proofData.offset, shl(5, to))
            below := 1
            for {} lt(add(at, 0x60), end) { at := add(at, 0x80) } {
                below := and(lt(calldataload(at), modulus), below)
                below := and(lt(calldataload(add(at, 0x20)), modulus), below)
                below := and(lt(calldataload(add(at, 0x40)), modulus), below)
                below := and(lt(calldataload(add(at, 0x60)), modulus), below)
            }
            for {} lt(at, end) { at := add(at, 0x20) } { below := and(lt(calldataload(at), modulus), below) }
        }
    }

    /// Index of the first word of `proofData`, from `index` on, that is not below `modulus`. There is one.
    function _firstNotBelow(bytes calldata proofData, uint256 index, uint256 modulus)
        private
        pure
        returns (uint256)
    {
        while (uint256(bytes32(proofData[32 * index:])) < modulus) index++;
        return index;
    }
}
