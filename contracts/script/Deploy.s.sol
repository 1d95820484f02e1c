// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Halo2Verifier} from "generated/Halo2Verifier.sol";
import {FinialVerifier} from "../src/FinialVerifier.sol";
import {Cheats} from "../test/Cheats.sol";

/// Deploys the generated verifier and the contract in front of it:
/// `scripts/forge script contracts/script/Deploy.s.sol --rpc-url URL --broadcast`, with a key as forge takes it.
contract Deploy is Cheats {
    function run() external returns (address verifier, address front) {
        vm.startBroadcast();
        verifier = address(new Halo2Verifier());
        front = address(new FinialVerifier(verifier));
        vm.stopBroadcast();
    }
}
