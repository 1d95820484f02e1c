// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {Create2} from "./Create2.sol";

/// Deploys, and writes down what is deployed. Each function is a run of its own; what is there already is
/// left alone. Keys as forge takes them (`--account`, `--ledger`, ...).
///
///   scripts/forge script contracts/script/Deploy.s.sol --rpc-url URL --broadcast --sig 'run(string)' direct
///   ... --sig 'router(address)' OWNER
///   ... --sig 'adapter(address,bytes32)' OWNER LEAF_COMMIT
///   ... --sig 'record(address,bytes32)' OWNER LEAF_COMMIT      (without --broadcast)
contract Deploy is Create2 {
    /// A circuit's generated verifier and its front.
    function run(string calldata circuit) external returns (address halo2Verifier, address verifier) {
        vm.startBroadcast();
        halo2Verifier = create(halo2Item(circuit));
        verifier = create(frontItem(circuit));
        vm.stopBroadcast();
    }

    /// The router of this owner.
    function router(address owner) external returns (address made) {
        vm.startBroadcast();
        made = create(routerItem(owner));
        vm.stopBroadcast();
    }

    /// The adapter in front of this owner's router, which has to be there.
    function adapter(address owner, bytes32 leafCommit) external returns (address made) {
        vm.startBroadcast();
        made = create(adapterItem(owner, leafCommit));
        vm.stopBroadcast();
    }

    /// Writes `contracts/deployments/<chain id>.json`: what of this build is on the chain. Run it after
    /// deploying and without `--broadcast`: it writes what it finds, not what was sent. Pass zero for an
    /// owner or a commitment that there is not.
    function record(address owner, bytes32 leafCommit) external returns (string memory path) {
        path = string.concat("contracts/deployments/", vm.toString(block.chainid), ".json");
        string memory entries = "";
        string[2] memory circuits = ["direct", "wrapped"];
        if (leafCommit != 0) entries = _entry(entries, adapterItem(owner, leafCommit), false);
        if (owner != address(0)) entries = _entry(entries, routerItem(owner), false);
        for (uint256 i = 0; i < circuits.length; i++) {
            if (!isCommitted(circuits[i])) continue;
            entries = _entry(entries, frontItem(circuits[i]), true);
            entries = _entry(entries, halo2Item(circuits[i]), false);
        }
        string memory head = string.concat('{\n  "chain_id": ', vm.toString(block.chainid));
        vm.createDir("contracts/deployments", true);
        vm.writeFile(path, string.concat(head, ',\n  "contracts": {', entries, "\n  }\n}\n"));
    }

    function _entry(string memory before, Item memory what, bool isFront)
        private
        view
        returns (string memory)
    {
        if (what.where.code.length == 0) return before;
        string memory fields = string.concat(
            '      "address": "',
            vm.toString(what.where),
            '",\n      "code_hash": "',
            vm.toString(what.where.codehash),
            '"'
        );
        if (isFront) {
            bytes32 hash = IFinialVerifier(what.where).verifierCodeHash();
            fields = string.concat(fields, ',\n      "verifier_code_hash": "', vm.toString(hash), '"');
        }
        string memory comma = bytes(before).length == 0 ? "" : ",";
        return string.concat(before, comma, '\n    "', what.name, '": {\n', fields, "\n    }");
    }
}
