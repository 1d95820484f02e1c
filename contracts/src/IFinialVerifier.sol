// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Checks a Finial proof: "this program ran to its end and wrote these public values".
/// @notice A call to `verify` either returns, and then the proof is valid, or reverts with one of the
/// errors below. Integrators hard-code `exeCommit` (which program) and `leafCommit` (by which
/// recursion programs its execution was proven) and never take either from an untrusted caller.
interface IFinialVerifier {
    /// @notice The contract was made with development parameters, whose secret is public, and this is
    /// not a development chain.
    error InsecureParametersOnChain(uint256 chainId);
    /// @notice At construction: the code at the verifier's address is not the generated verifier.
    error VerifierCodeMismatch(bytes32 expected, bytes32 actual);
    /// @notice The calldata is not the one canonical ABI encoding: other offsets, padding that is not
    /// zero, or bytes after its end.
    error NonCanonicalCalldata();
    /// @notice `proofData` has another length than every proof of this verifier has.
    error ProofLengthMismatch(uint256 expected, uint256 actual);
    /// @notice `exeCommit` is not below the scalar field's modulus.
    error ExeCommitNotCanonical(bytes32 exeCommit);
    /// @notice `leafCommit` is not below the scalar field's modulus.
    error LeafCommitNotCanonical(bytes32 leafCommit);
    /// @notice Among the 32-byte words of `proofData`, the one at `index` is a limb of the accumulator that
    /// is not below its bound, or the last limb of a coordinate that is not below the base field's modulus.
    error AccumulatorNotCanonical(uint256 index);
    /// @notice Among the 32-byte words of `proofData`, the one at `index` is a point's coordinate that
    /// is not below the base field's modulus.
    error ProofCoordinateNotCanonical(uint256 index);
    /// @notice Among the 32-byte words of `proofData`, the one at `index` is a scalar that is not below
    /// the scalar field's modulus.
    error ProofScalarNotCanonical(uint256 index);
    /// @notice The proof is well formed and does not prove this statement.
    error ProofRejected();

    /// @notice Returns if the proof is valid, reverts otherwise.
    /// @param publicValues What the program wrote as public output, whole. The proof binds its SHA-256.
    /// @param proofData The proof: curve points and scalars, 32 bytes a word, big-endian. A wrapped proof
    /// starts with an accumulator: four coordinates, each three limbs of 88 bits, the lowest first.
    /// @param exeCommit Commitment to the program and its initial memory.
    /// @param leafCommit Commitment to the recursion programs that may stand in the proof's tree.
    function verify(
        bytes calldata publicValues,
        bytes calldata proofData,
        bytes32 exeCommit,
        bytes32 leafCommit
    ) external view;

    /// @notice The generated verifier behind this contract.
    function halo2Verifier() external view returns (address);

    /// @notice `extcodehash` of the generated verifier: names the verifying key, on every chain alike.
    function verifierCodeHash() external view returns (bytes32);

    /// @notice First four bytes of `verifierCodeHash`: names this verifier at the head of a router's proofs.
    // forge-lint: disable-next-line(mixed-case-function)
    function VERSION_SELECTOR() external view returns (bytes4);

    /// @notice Whether the verifier was made with development parameters (anyone can forge its proofs).
    function insecureParameters() external view returns (bool);
}
