// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFinialRouter} from "./IFinialRouter.sol";

/// @title `verifyProof(programVKey, publicValues, proofBytes)`, for contracts written against that function.
/// @notice Stands in front of a router and fixes the recursion programs (`leafCommit`): one adapter for each
/// App VM configuration. `programVKey` is Finial's `exeCommit`. The caller fixes it and never takes it from
/// whom it does not trust.
contract FinialAdapter {
    /// @notice At construction: there is no code at the router's address.
    error RouterHasNoCode(address router);

    /// @notice The router that the proofs go through.
    IFinialRouter public immutable router;
    /// @notice Commitment to the recursion programs that may stand in a proof's tree.
    bytes32 public immutable leafCommit;

    /// @param router_ The router. @param leafCommit_ What `finial commit` prints for the configuration.
    constructor(IFinialRouter router_, bytes32 leafCommit_) {
        if (address(router_).code.length == 0) revert RouterHasNoCode(address(router_));
        router = router_;
        leafCommit = leafCommit_;
    }

    /// @notice Returns if the proof is valid, reverts otherwise with an error of the router or the verifier.
    /// @param programVKey Commitment to the program and its initial memory.
    /// @param publicValues What the program wrote as public output, whole.
    /// @param proofBytes Version selector, four bytes, then the proof.
    function verifyProof(bytes32 programVKey, bytes calldata publicValues, bytes calldata proofBytes)
        external
        view
    {
        router.verify(publicValues, proofBytes, programVKey, leafCommit);
    }
}
