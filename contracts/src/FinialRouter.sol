// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IFinialRouter} from "./IFinialRouter.sol";
import {IFinialVerifier} from "./IFinialVerifier.sol";

/// @title One address for proofs of several versions; see {IFinialRouter}.
/// @notice The verifier is called with a canonical encoding made here, so what the caller's encoding looked
/// like is of no consequence: a verifier sees one encoding of one statement and proof. Two steps are needed
/// to hand the router over, so that a mistyped owner takes nothing.
contract FinialRouter is IFinialRouter, Ownable2Step {
    struct Route {
        address verifier;
        bool frozen;
    }

    /// @inheritdoc IFinialRouter
    mapping(bytes4 selector => Route) public routes;

    /// @param owner Who may add and freeze versions. Part of the address under CREATE2.
    constructor(address owner) Ownable(owner) {}

    /// @inheritdoc IFinialRouter
    function verify(
        bytes calldata publicValues,
        bytes calldata proofBytes,
        bytes32 exeCommit,
        bytes32 leafCommit
    ) external view {
        if (proofBytes.length < 4) revert SelectorMissing(proofBytes.length);
        bytes4 selector = bytes4(proofBytes);
        Route memory route = routes[selector];
        if (route.verifier == address(0)) revert UnknownVersion(selector);
        if (route.frozen) revert VersionIsFrozen(selector);
        IFinialVerifier(route.verifier).verify(publicValues, proofBytes[4:], exeCommit, leafCommit);
    }

    /// @inheritdoc IFinialRouter
    function add(address verifier) external onlyOwner {
        bytes4 selector = _selectorOf(verifier);
        address present = routes[selector].verifier;
        if (present != address(0)) revert VersionExists(selector, present);
        routes[selector].verifier = verifier;
        emit VersionAdded(selector, verifier);
    }

    /// @inheritdoc IFinialRouter
    function freeze(bytes4 selector) external onlyOwner {
        Route storage route = routes[selector];
        if (route.verifier == address(0)) revert UnknownVersion(selector);
        if (route.frozen) revert VersionIsFrozen(selector);
        route.frozen = true;
        emit VersionFrozen(selector, route.verifier);
    }

    /// @notice Not possible: without an owner, a version found to be broken would stay open for good. Who
    /// wants a verifier that nobody can close calls it without a router.
    function renounceOwnership() public view override onlyOwner {
        revert OwnershipCannotBeRenounced();
    }

    /// The selector a verifier states, which must be that of the code it stands in front of. This catches
    /// mistakes; it cannot tell an honest verifier from one that was made to deceive.
    function _selectorOf(address verifier) private view returns (bytes4 selector) {
        selector = bytes4(_read(verifier, IFinialVerifier.VERSION_SELECTOR.selector));
        address halo2Verifier =
            address(uint160(uint256(_read(verifier, IFinialVerifier.halo2Verifier.selector))));
        if (selector == 0 || selector != bytes4(halo2Verifier.codehash)) revert NotAVerifier(verifier);
    }

    /// A one-word answer of a candidate; what does not give one is not a verifier.
    function _read(address verifier, bytes4 getter) private view returns (bytes32) {
        (bool ok, bytes memory answer) = verifier.staticcall(abi.encodePacked(getter));
        if (!ok || answer.length != 32) revert NotAVerifier(verifier);
        return bytes32(answer);
    }
}
