// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFinialVerifier} from "../IFinialVerifier.sol";

/// @title A minimal validity rollup over the guest `tests/guests/transfers`.
/// @notice Holds the root of a table of balances and moves it forward only by a proven batch of signed
/// transfers. The guest's public values are `old root ‖ new root ‖ SHA-256 of the batch`, 96 bytes.
/// An example of an integration, not a product: it has no bridge, and data availability is the reader's
/// concern (whoever wants to continue needs the batches behind the digests).
contract TransfersRollup {
    /// @notice The batch with this digest moved the table from one root to another.
    event Advanced(bytes32 indexed oldRoot, bytes32 indexed newRoot, bytes32 batchDigest);

    /// @notice The verifier, the program and the recursion programs, fixed for good: taken from a caller
    /// they would let anyone prove anything.
    IFinialVerifier public immutable verifier;
    bytes32 public immutable exeCommit;
    bytes32 public immutable leafCommit;

    /// @notice Root of the current table of balances.
    bytes32 public root;

    constructor(IFinialVerifier verifier_, bytes32 exeCommit_, bytes32 leafCommit_, bytes32 genesisRoot) {
        verifier = verifier_;
        exeCommit = exeCommit_;
        leafCommit = leafCommit_;
        root = genesisRoot;
    }

    /// @notice Moves to `newRoot`. The proof's old root is the stored one by construction, so a proof for
    /// another state, or one used before, is rejected by the verifier.
    function advance(bytes32 newRoot, bytes32 batchDigest, bytes calldata proofData) external {
        bytes32 oldRoot = root;
        bytes memory publicValues = abi.encodePacked(oldRoot, newRoot, batchDigest);
        verifier.verify(publicValues, proofData, exeCommit, leafCommit);
        root = newRoot;
        emit Advanced(oldRoot, newRoot, batchDigest);
    }
}
