// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Halo2Verifier} from "generated/Halo2Verifier.sol";
import {FinialVerifier} from "../src/FinialVerifier.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {TransfersRollup} from "../src/examples/TransfersRollup.sol";
import {Cheats} from "./Cheats.sol";

/// The example rollup, advanced by a proof of the `transfers` guest (`transfers.json` beside the contract;
/// in the profile `small`, a proof of the small circuit with public values of the same form).
contract TransfersRollupTest is Cheats {
    TransfersRollup private rollup;
    bytes private proofData;
    bytes32 private oldRoot;
    bytes32 private newRoot;
    bytes32 private batchDigest;

    function setUp() public {
        vm.chainId(31337);
        string memory json = vm.readFile(string.concat(generatedDirectory(), "transfers.json"));
        bytes memory publicValues = vm.parseJsonBytes(json, ".public_values");
        check(publicValues.length == 96, "old root, new root, batch digest");
        (oldRoot, newRoot, batchDigest) = abi.decode(publicValues, (bytes32, bytes32, bytes32));
        proofData = vm.parseJsonBytes(json, ".proof_data");
        rollup = new TransfersRollup(
            new FinialVerifier(address(new Halo2Verifier())),
            vm.parseJsonBytes32(json, ".exe_commit"),
            vm.parseJsonBytes32(json, ".leaf_commit"),
            oldRoot
        );
    }

    function test_AdvancesByAProof() public {
        rollup.advance(newRoot, batchDigest, proofData);
        check(rollup.root() == newRoot, "root");
    }

    function test_RejectsAnotherRootOrBatch() public {
        vm.expectRevert(abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector));
        rollup.advance(bytes32(uint256(newRoot) ^ 1), batchDigest, proofData);
        vm.expectRevert(abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector));
        rollup.advance(newRoot, bytes32(uint256(batchDigest) ^ 1), proofData);
        check(rollup.root() == oldRoot, "root");
    }

    function test_RejectsAProofASecondTime() public {
        rollup.advance(newRoot, batchDigest, proofData);
        vm.expectRevert(abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector));
        rollup.advance(newRoot, batchDigest, proofData);
    }
}
