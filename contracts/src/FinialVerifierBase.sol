// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFinialVerifier} from "./IFinialVerifier.sol";

/// @title The contract in front of a generated verifier: all checks, for either circuit.
/// @notice The generated verifier reduces its inputs modulo the scalar field and ignores bytes behind
/// them, so one statement would have many encodings. This contract accepts exactly one, builds the
/// statement's scalars itself, and calls the generated verifier at an address fixed at construction.
/// Nothing a caller supplies chooses a call's target or selector. One concrete contract per version and
/// circuit, in `v1/`, binds it to the constants of one generated verifier.
abstract contract FinialVerifierBase is IFinialVerifier {
    /// Where points and scalars lie in `proofData`, and what stands behind this contract.
    struct Layout {
        uint256 accumulatorWords;
        uint256 leadingPoints;
        uint256 scalars;
        uint256 trailingPoints;
        bytes32 codeHash;
        bool insecure;
    }

    /// Modulus of BN254's scalar field (the field of scalars and instances).
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// Modulus of BN254's base field (the field of point coordinates).
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    /// Bits in a limb of an accumulator's coordinate, and in its third, which only fills a word.
    uint256 private constant LIMB_BITS = 88;
    uint256 private constant TOP_LIMB_BITS = 80;

    /// Where `publicValues` starts in the canonical calldata: selector, four head words, its length.
    uint256 private constant PUBLIC_VALUES_OFFSET = 4 + 4 * 32 + 32;

    /// @inheritdoc IFinialVerifier
    address public immutable halo2Verifier;
    /// @inheritdoc IFinialVerifier
    bytes32 public immutable verifierCodeHash;
    /// @inheritdoc IFinialVerifier
    bool public immutable insecureParameters;

    /// Bytes in `proofData`, and in the accumulator's limbs at its start.
    uint256 private immutable PROOF_BYTES;
    uint256 private immutable ACCUMULATOR_BYTES;

    /// @param verifier The deployed generated verifier; its code must hash to the layout's constant.
    constructor(address verifier) {
        Layout memory layout = _layout();
        verifierCodeHash = layout.codeHash;
        insecureParameters = layout.insecure;
        _requireAllowedChain(layout.insecure);
        if (verifier.codehash != layout.codeHash) {
            revert VerifierCodeMismatch(layout.codeHash, verifier.codehash);
        }
        halo2Verifier = verifier;
        ACCUMULATOR_BYTES = 32 * layout.accumulatorWords;
        PROOF_BYTES = 32
            * (layout.accumulatorWords + 2 * (layout.leadingPoints + layout.trailingPoints) + layout.scalars);
    }

    /// @inheritdoc IFinialVerifier
    // The name is a constant's: it is one for every deployed contract.
    // forge-lint: disable-next-line(mixed-case-function)
    function VERSION_SELECTOR() external view returns (bytes4) {
        return bytes4(verifierCodeHash);
    }

    /// @inheritdoc IFinialVerifier
    function verify(
        bytes calldata publicValues,
        bytes calldata proofData,
        bytes32 exeCommit,
        bytes32 leafCommit
    ) external view {
        _requireAllowedChain(insecureParameters);
        if (proofData.length != PROOF_BYTES) revert ProofLengthMismatch(PROOF_BYTES, proofData.length);
        _requireCanonicalCalldata(publicValues, proofData);
        if (uint256(exeCommit) >= R) revert ExeCommitNotCanonical(exeCommit);
        if (uint256(leafCommit) >= R) revert LeafCommitNotCanonical(leafCommit);
        _writeInput(publicValues, proofData, exeCommit, leafCommit);
        if (!_inputIsCanonical()) _revertWithIndex(proofData);

        address verifier = halo2Verifier;
        bool accepted;
        assembly ("memory-safe") {
            // Four scalars and the proof, at 0x80.
            accepted := staticcall(gas(), verifier, 0x80, add(0x80, proofData.length), 0, 0)
        }
        if (!accepted) revert ProofRejected();
    }

    /// The constants of one generated verifier.
    function _layout() internal pure virtual returns (Layout memory);

    /// Whether every word of a proof in the generated verifier's input, which lies at 0x80, is canonical:
    /// a limb below its bound, a coordinate below Q, a scalar below R. No second encoding of one proof.
    function _inputIsCanonical() internal pure virtual returns (bool);

    /// Development parameters are a toy: their secret is known. They stay on anvil, hardhat and geth --dev.
    function _requireAllowedChain(bool insecure) private view {
        if (insecure && block.chainid != 31337 && block.chainid != 1337) {
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

    /// Writes the generated verifier's input to 0x80: the accumulator's limbs, the statement's scalars (two
    /// commitments, then the digest as two big-endian integers of 16 bytes), the rest of the proof.
    /// Everything from there on is free: nothing was allocated before, and nothing is afterwards.
    function _writeInput(
        bytes calldata publicValues,
        bytes calldata proofData,
        bytes32 exeCommit,
        bytes32 leafCommit
    ) private view {
        uint256 limbs = ACCUMULATOR_BYTES;
        assembly ("memory-safe") {
            calldatacopy(0x80, publicValues.offset, publicValues.length)
            // SHA-256 fails only for want of gas; what lies at 0 would then not be a digest.
            if iszero(staticcall(gas(), 2, 0x80, publicValues.length, 0, 0x20)) { revert(0, 0) }
            let digest := mload(0)
            calldatacopy(0x80, proofData.offset, limbs)
            let at := add(0x80, limbs)
            mstore(at, exeCommit)
            mstore(add(at, 0x20), leafCommit)
            mstore(add(at, 0x40), shr(128, digest))
            mstore(add(at, 0x60), and(digest, 0xffffffffffffffffffffffffffffffff))
            calldatacopy(add(at, 0x80), add(proofData.offset, limbs), sub(proofData.length, limbs))
        }
    }

    /// Reverts with the index of the first word of `proofData` that is not canonical. There is one.
    function _revertWithIndex(bytes calldata proofData) private pure {
        Layout memory layout = _layout();
        uint256 limbs = layout.accumulatorWords;
        for (uint256 index = 0; index < limbs; index++) {
            if (!_isCanonicalLimb(proofData, index)) revert AccumulatorNotCanonical(index);
        }
        uint256 scalars = limbs + 2 * layout.leadingPoints;
        for (uint256 index = limbs;; index++) {
            bool scalar = index >= scalars && index < scalars + layout.scalars;
            if (_word(proofData, index) < (scalar ? R : Q)) continue;
            if (scalar) revert ProofScalarNotCanonical(index);
            revert ProofCoordinateNotCanonical(index);
        }
    }

    /// Whether a limb is below its bound; for a coordinate's third, also whether the coordinate is below Q.
    function _isCanonicalLimb(bytes calldata proofData, uint256 index) private pure returns (bool) {
        uint256 limb = _word(proofData, index);
        if (index % 3 != 2) return limb >> LIMB_BITS == 0;
        if (limb >> TOP_LIMB_BITS != 0) return false;
        // The lower two were found below their bounds, so nothing overlaps.
        uint256 low = _word(proofData, index - 2) | (_word(proofData, index - 1) << LIMB_BITS);
        return (low | (limb << (2 * LIMB_BITS))) < Q;
    }

    function _word(bytes calldata proofData, uint256 index) private pure returns (uint256) {
        return uint256(bytes32(proofData[32 * index:]));
    }
}
