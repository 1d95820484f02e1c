// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title One address for proofs of several versions.
/// @notice A routed proof is a verifier's version selector, four bytes, followed by its `proofData`. The
/// selector names a generated verifier by its code, so a proof reaches the verifier it was made for or none.
/// @dev Who integrates the router trusts its owner: an owner who adds a contract that accepts anything makes
/// the router accept anything under that contract's selector. Who does not want that calls a verifier itself:
/// verifiers are immutable.
interface IFinialRouter {
    /// @notice Proofs that start with `selector` now go to `verifier`.
    event VersionAdded(bytes4 indexed selector, address indexed verifier);
    /// @notice Proofs that start with `selector` are refused from now on, for good.
    event VersionFrozen(bytes4 indexed selector, address indexed verifier);

    /// @notice A routed proof of `length` bytes is too short to hold a selector.
    error SelectorMissing(uint256 length);
    /// @notice No verifier was ever added under this selector.
    error UnknownVersion(bytes4 selector);
    /// @notice The verifier of this selector was frozen.
    error VersionIsFrozen(bytes4 selector);
    /// @notice The selector leads to `verifier` already, and always will.
    error VersionExists(bytes4 selector, address verifier);
    /// @notice `candidate` does not answer as a verifier whose selector belongs to the code behind it.
    error NotAVerifier(address candidate);
    /// @notice A router without an owner could not freeze a version that is found to be broken.
    error OwnershipCannotBeRenounced();

    /// @notice Returns if the proof is valid, reverts otherwise: with an error of this interface or of the
    /// verifier's. The same function as {IFinialVerifier-verify}, so a router can stand where a verifier does.
    /// @param publicValues What the program wrote as public output, whole.
    /// @param proofBytes Version selector, then `proofData` as that version's verifier takes it.
    /// @param exeCommit Commitment to the program and its initial memory.
    /// @param leafCommit Commitment to the recursion programs that may stand in the proof's tree.
    function verify(
        bytes calldata publicValues,
        bytes calldata proofBytes,
        bytes32 exeCommit,
        bytes32 leafCommit
    ) external view;

    /// @notice Where proofs that start with `selector` go: no verifier if it was never added.
    function routes(bytes4 selector) external view returns (address verifier, bool frozen);

    /// @notice Adds a verifier under the selector that it states itself. Nothing is ever overwritten.
    /// @dev For the owner only. Once added, a version can be frozen and not removed.
    function add(address verifier) external;

    /// @notice Refuses all proofs of a version from now on. There is no way back.
    /// @dev For the owner only.
    function freeze(bytes4 selector) external;
}
