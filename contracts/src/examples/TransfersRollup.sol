// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFinialVerifier} from "../IFinialVerifier.sol";

/// @title A minimal validity rollup over the guest `tests/guests/transfers`.
/// @notice Holds the root of a table of balances and moves it forward only by a proven batch of signed
/// transfers, whose bytes are in the calldata. Every one of the proof's public values is rebuilt here from
/// what the contract knows, so a proof is of use once, in this contract, on this chain.
/// @dev An example of an integration, not a product: `docs/rollup.md` says what it leaves out.
contract TransfersRollup {
    /// @notice A batch was settled. Its bytes are in the transaction's calldata.
    event Settled(uint256 indexed number, bytes32 indexed root, bytes32 batchHash);

    /// @notice At construction: there is no code at the verifier's address.
    error VerifierHasNoCode(address verifier);
    /// @notice Batches are settled in the order of their numbers, each once.
    error NotTheNextBatch(uint256 next, uint256 given);

    /// @notice First word of the public values: no other guest's begin with it.
    bytes32 public constant DOMAIN = "finial/transfers-rollup";
    /// @notice Version of the formats of batch and public values.
    uint256 public constant VERSION = 1;

    /// @notice The verifier, the program and the recursion programs, fixed for good: taken from a caller
    /// they would let anyone prove anything.
    IFinialVerifier public immutable verifier;
    bytes32 public immutable exeCommit;
    bytes32 public immutable leafCommit;

    /// @notice Root of the current table of balances.
    bytes32 public root;
    /// @notice Number of batches settled so far, which is the number of the last one.
    uint256 public batches;

    /// @param verifier_ The contract that checks the proofs. Whoever can change its answers can take
    /// everything: not a proxy, and a router only if its owner is trusted.
    /// @param exeCommit_ Commitment to the guest's ELF (`finial commit`).
    /// @param leafCommit_ Commitment to the recursion programs (`finial commit`).
    /// @param genesisRoot SHA-256 of the table the rollup begins with. Publish the table: it is not kept here.
    constructor(IFinialVerifier verifier_, bytes32 exeCommit_, bytes32 leafCommit_, bytes32 genesisRoot) {
        if (address(verifier_).code.length == 0) revert VerifierHasNoCode(address(verifier_));
        verifier = verifier_;
        exeCommit = exeCommit_;
        leafCommit = leafCommit_;
        root = genesisRoot;
    }

    /// @notice Settles the next batch. Anyone may call: what counts is the proof.
    /// @param number The batch's number, one more than that of the last. Costs a late second submission
    /// little; what the proof is checked against is the contract's own count.
    /// @param nextRoot Root of the table after the batch.
    /// @param batch The transfers, as the guest read them.
    /// @param proofData The proof, as the verifier takes it.
    function settle(uint256 number, bytes32 nextRoot, bytes calldata batch, bytes calldata proofData)
        external
    {
        uint256 next = batches + 1;
        if (number != next) revert NotTheNextBatch(next, number);
        bytes32 batchHash = sha256(batch);
        // Reverts unless the proof is of exactly these values.
        verifier.verify(_publicValues(next, nextRoot, batchHash), proofData, exeCommit, leafCommit);
        batches = next;
        root = nextRoot;
        emit Settled(next, nextRoot, batchHash);
    }

    /// @notice The public values that a proof of the next batch has to have.
    function publicValues(bytes32 nextRoot, bytes calldata batch) external view returns (bytes memory) {
        return _publicValues(batches + 1, nextRoot, sha256(batch));
    }

    /// Nine words. Chain and contract: no proof is of use elsewhere. Number: nor twice, even if a batch leaves
    /// the root as it was. Previous root: the batch was applied to the table behind the root that is stored.
    function _publicValues(uint256 number, bytes32 nextRoot, bytes32 batchHash)
        private
        view
        returns (bytes memory)
    {
        return abi.encode(
            DOMAIN, VERSION, block.chainid, address(this), exeCommit, number, root, nextRoot, batchHash
        );
    }
}
