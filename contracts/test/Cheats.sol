// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// The few of Foundry's cheat codes that the tests and the deployment script use.
interface Vm {
    function readFile(string calldata path) external view returns (string memory);
    function parseBytes(string calldata text) external pure returns (bytes memory);
    function trim(string calldata text) external pure returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function envOr(string calldata name, string calldata fallbackValue) external view returns (string memory);
    function chainId(uint256 id) external;
    function expectRevert(bytes calldata data) external;
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Cheat codes, and the few assertions the tests need.
abstract contract Cheats {
    /// Foundry answers at this address: the last 20 bytes of keccak256("hevm cheat code").
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// Where the contract and its proofs lie, by profile.
    function generatedDirectory() internal view returns (string memory) {
        bool small = keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", "default"))) == keccak256("small");
        return small ? "crates/evm/tests/fixtures/small/" : "contracts/generated/";
    }

    error AssertionFailed(string what);

    function check(bool condition, string memory what) internal pure {
        if (!condition) revert AssertionFailed(what);
    }

    function checkEq(bytes memory a, bytes memory b, string memory what) internal pure {
        check(keccak256(a) == keccak256(b), what);
    }
}
