// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FinialRouter} from "../src/FinialRouter.sol";
import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {Create2} from "./Create2.sol";

/// What a router's owner does. With a key as forge takes it:
///
///   scripts/forge script contracts/script/Router.s.sol --rpc-url URL --broadcast \
///     --sig 'add(address,string)' ROUTER direct
///   ... --sig 'freeze(address,bytes4)' ROUTER SELECTOR       (there is no way back)
///   ... --sig 'transfer(address,address)' ROUTER NEW_OWNER, and then, with the new owner's key,
///   ... --sig 'accept(address)' ROUTER
contract RouterAdministration is Create2 {
    /// @notice The version has to be deployed first.
    error NotDeployed(string name, address where);

    /// Adds this build's verifier of a circuit.
    function add(FinialRouter router, string calldata circuit) external returns (bytes4 selector) {
        Item memory front = frontItem(circuit);
        if (front.where.code.length == 0) revert NotDeployed(front.name, front.where);
        selector = IFinialVerifier(front.where).VERSION_SELECTOR();
        vm.startBroadcast();
        router.add(front.where);
        vm.stopBroadcast();
    }

    /// Freezes a version, for good.
    function freeze(FinialRouter router, bytes4 selector) external {
        vm.startBroadcast();
        router.freeze(selector);
        vm.stopBroadcast();
    }

    /// Offers the router to another owner, who has to accept.
    function transfer(FinialRouter router, address newOwner) external {
        vm.startBroadcast();
        router.transferOwnership(newOwner);
        vm.stopBroadcast();
    }

    /// Accepts the router.
    function accept(FinialRouter router) external {
        vm.startBroadcast();
        router.acceptOwnership();
        vm.stopBroadcast();
    }
}
