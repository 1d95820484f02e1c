// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {FinialVerifierBase} from "../FinialVerifierBase.sol";
import {Halo2Layout} from "generated/v1/wrapped/Halo2Layout.sol";

/// @title The verifier of version 1, for wrapped proofs: cheaper to check, dearer to make.
/// @notice Immutable: it has no owner and no storage. Another version is another contract.
contract FinialVerifierWrapped is FinialVerifierBase {
    /// @param verifier The deployed generated verifier of `generated/v1/wrapped`.
    constructor(address verifier) FinialVerifierBase(verifier) {}

    function _layout() internal pure override returns (Layout memory) {
        return Layout({
            accumulatorWords: Halo2Layout.ACCUMULATOR_WORDS,
            leadingPoints: Halo2Layout.LEADING_POINTS,
            scalars: Halo2Layout.SCALARS,
            trailingPoints: Halo2Layout.TRAILING_POINTS,
            codeHash: Halo2Layout.VERIFIER_CODE_HASH,
            insecure: Halo2Layout.INSECURE_PARAMETERS
        });
    }

    function _inputIsCanonical() internal pure override returns (bool) {
        return Halo2Layout.inputIsCanonical();
    }
}
