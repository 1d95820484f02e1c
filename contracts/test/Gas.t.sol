// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FinialAdapter} from "../src/FinialAdapter.sol";
import {FinialRouter} from "../src/FinialRouter.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {Proofs} from "./Proofs.sol";

/// What a call takes each way, compared with `contracts/snapshots`: execution alone, without a transaction's
/// base cost and calldata, and with addresses that were touched before (the proof files state whole
/// transactions). After a change that is meant: `FORGE_SNAPSHOT_EMIT=true FORGE_SNAPSHOT_CHECK=false
/// scripts/forge test --match-contract GasTest`.
contract GasTest is Proofs {
    FinialRouter private router;
    string private group;

    function setUp() public {
        vm.chainId(31337);
        router = new FinialRouter(address(this));
        group = isSmall() ? "small" : "default";
    }

    function test_Direct() public {
        measure("direct", deployDirect(), 0);
    }

    function test_Wrapped() public {
        measure("wrapped", deployWrapped(), 12);
    }

    function measure(string memory circuit, IFinialVerifier front, uint256 limbs) private {
        Proof memory p = proofOf(circuit);
        (bool ok,) = front.halo2Verifier().staticcall(rawInput(p, limbs));
        vm.snapshotGasLastCall(group, string.concat(circuit, ": generated verifier alone"));
        check(ok, "refused");
        bytes memory routed = bytes.concat(front.VERSION_SELECTOR(), p.proofData);
        front.verify(p.publicValues, p.proofData, p.exeCommit, p.leafCommit);
        vm.snapshotGasLastCall(group, string.concat(circuit, ": verifier"));
        router.add(address(front));
        router.verify(p.publicValues, routed, p.exeCommit, p.leafCommit);
        vm.snapshotGasLastCall(group, string.concat(circuit, ": router"));
        FinialAdapter adapter = new FinialAdapter(router, p.leafCommit);
        adapter.verifyProof(p.exeCommit, p.publicValues, routed);
        vm.snapshotGasLastCall(group, string.concat(circuit, ": adapter"));
    }
}
