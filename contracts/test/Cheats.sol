// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// The few of Foundry's cheat codes that the tests and the deployment scripts use.
interface Vm {
    function readFile(string calldata path) external view returns (string memory);
    function writeFile(string calldata path, string calldata data) external;
    function createDir(string calldata path, bool recursive) external;
    function exists(string calldata path) external view returns (bool);
    function parseBytes(string calldata text) external pure returns (bytes memory);
    function trim(string calldata text) external pure returns (string memory);
    function toString(uint256 value) external pure returns (string memory);
    function toString(address value) external pure returns (string memory);
    function toString(bytes32 value) external pure returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function envOr(string calldata name, string calldata fallbackValue) external view returns (string memory);
    function chainId(uint256 id) external;
    function prank(address sender) external;
    function assume(bool condition) external pure;
    function etch(address target, bytes calldata code) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit(address emitter) external;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Cheat codes, and the few assertions the tests need.
abstract contract Cheats {
    /// Foundry answers at this address: the last 20 bytes of keccak256("hevm cheat code").
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// The small circuits' contracts and proofs.
    string internal constant SMALL = "crates/evm/tests/fixtures/small/";

    /// Whether Foundry's profile is `small`.
    function isSmall() internal view returns (bool) {
        return keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", "default"))) == keccak256("small");
    }

    /// Where a circuit's contract and proofs lie, by profile: what `generated/v1/` is mapped to.
    function generatedDirectory(string memory circuit) internal view returns (string memory) {
        string memory own = string.concat("contracts/generated/v1/", circuit, "/");
        // A circuit whose contract is not committed yet is mapped to the small one in foundry.toml.
        if (isSmall() || !vm.exists(string.concat(own, "manifest.json"))) {
            return string.concat(SMALL, circuit, "/");
        }
        return own;
    }

    /// Creation code from a file.
    function committedCode(string memory path) internal view returns (bytes memory) {
        return vm.parseBytes(vm.trim(vm.readFile(path)));
    }

    error AssertionFailed(string what);

    function check(bool condition, string memory what) internal pure {
        if (!condition) revert AssertionFailed(what);
    }

    function checkEq(bytes memory a, bytes memory b, string memory what) internal pure {
        check(keccak256(a) == keccak256(b), what);
    }
}
