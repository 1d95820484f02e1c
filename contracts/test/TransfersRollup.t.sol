// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IFinialVerifier} from "../src/IFinialVerifier.sol";
import {TransfersRollup} from "../src/examples/TransfersRollup.sol";
import {Cheats} from "./Cheats.sol";

/// The cheat codes that only these tests use.
interface RollupVm {
    function store(address where, bytes32 slot, bytes32 value) external;
    function skip(bool skipped, string calldata reason) external;
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
}

/// The committed batches: real proofs, bound to chain 31337 and to the address that `scripts/rollup` deploys to.
abstract contract Batches is Cheats {
    RollupVm internal constant rvm = RollupVm(address(vm));
    uint256 internal constant COUNT = 10;

    struct Batch {
        uint256 number;
        bytes32 previousRoot;
        bytes32 nextRoot;
        bytes batch;
        bytes proofData;
        bytes publicValues;
    }

    address internal place;
    bytes32 internal exeCommit;
    bytes32 internal leafCommit;
    bytes32 internal genesisRoot;
    IFinialVerifier internal front;

    function load() internal {
        bool small = keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", "default"))) == keccak256("small");
        rvm.skip(small, "the rollup's proofs are of the real circuit");
        vm.chainId(31337);
        string memory json = file(1);
        place = rvm.parseJsonAddress(json, ".contract");
        exeCommit = vm.parseJsonBytes32(json, ".exe_commit");
        leafCommit = vm.parseJsonBytes32(json, ".leaf_commit");
        genesisRoot = vm.parseJsonBytes32(json, ".previous_root");
    }

    function file(uint256 number) internal view returns (string memory) {
        string memory digits = string.concat(number < 10 ? "0" : "", vm.toString(number));
        return vm.readFile(string.concat("contracts/generated/v1/rollup/batch-", digits, ".json"));
    }

    function read(uint256 number) internal view returns (Batch memory batch) {
        string memory json = file(number);
        batch.number = vm.parseJsonUint(json, ".number");
        batch.previousRoot = vm.parseJsonBytes32(json, ".previous_root");
        batch.nextRoot = vm.parseJsonBytes32(json, ".next_root");
        batch.batch = vm.parseJsonBytes(json, ".batch");
        batch.proofData = vm.parseJsonBytes(json, ".proof_data");
        batch.publicValues = vm.parseJsonBytes(json, ".public_values");
    }

    function creationCode(string memory name) internal view returns (bytes memory) {
        return committedCode(string.concat("contracts/generated/v1/direct/", name, ".hex"));
    }

    function rollupCode() internal view returns (bytes memory) {
        return abi.encodePacked(
            type(TransfersRollup).creationCode, abi.encode(front, exeCommit, leafCommit, genesisRoot)
        );
    }
}

contract TransfersRollupTest is Batches {
    TransfersRollup private rollup;
    Batch private first;

    function setUp() public {
        load();
        bytes memory halo2 = abi.encode(create(creationCode("Halo2Verifier")));
        front = IFinialVerifier(create(bytes.concat(creationCode("FinialVerifier"), halo2)));
        rollup = deployAt(place);
        first = read(1);
    }

    function create(bytes memory code) private returns (address made) {
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        check(made != address(0), "create");
    }

    /// Runs the constructor at an address of choice. `TransfersRollupAddressTest` deploys as one does.
    function deployAt(address where) private returns (TransfersRollup) {
        vm.etch(where, rollupCode());
        (bool ok, bytes memory code) = where.call("");
        check(ok, "constructor");
        vm.etch(where, code);
        return TransfersRollup(where);
    }

    function settle(Batch memory batch) private {
        rollup.settle(batch.number, batch.nextRoot, batch.batch, batch.proofData);
    }

    /// With a limit of gas: a point that is off the curve makes a precompile burn all it is given.
    function attempt(TransfersRollup target, Batch memory batch) private returns (bytes memory reason) {
        (bytes32 root, uint256 batches) = (target.root(), target.batches());
        bool ok;
        (ok, reason) = address(target).call{gas: 3_000_000}(
            abi.encodeCall(target.settle, (batch.number, batch.nextRoot, batch.batch, batch.proofData))
        );
        check(!ok, "accepted");
        check(target.root() == root && target.batches() == batches, "changed");
    }

    function refuse(TransfersRollup target, Batch memory batch) private {
        bytes memory reason = attempt(target, batch);
        checkEq(reason, abi.encodeWithSelector(IFinialVerifier.ProofRejected.selector), "another error");
    }

    // ---- accepted ----

    function test_SettlesTenBatches() public {
        for (uint256 number = 1; number <= COUNT; number++) {
            Batch memory batch = read(number);
            check(batch.number == number && batch.previousRoot == rollup.root(), "the files are in order");
            checkEq(rollup.publicValues(batch.nextRoot, batch.batch), batch.publicValues, "public values");
            vm.expectEmit(address(rollup));
            emit TransfersRollup.Settled(number, batch.nextRoot, sha256(batch.batch));
            settle(batch);
            check(rollup.root() == batch.nextRoot && rollup.batches() == number, "state");
        }
    }

    function test_PublicValuesAreTheDocumentedOnes() public view {
        bytes32 domain = "finial/transfers-rollup";
        bytes memory expected = bytes.concat(
            domain,
            bytes32(uint256(1)),
            bytes32(uint256(31337)),
            bytes32(uint256(uint160(place))),
            exeCommit,
            bytes32(uint256(1)),
            genesisRoot,
            first.nextRoot,
            sha256(first.batch)
        );
        checkEq(first.publicValues, expected, "nine words");
        checkEq(rollup.publicValues(first.nextRoot, first.batch), expected, "the contract's");
    }

    function testFuzz_AnyoneSettles(address sender) public {
        vm.prank(sender);
        settle(first);
        check(rollup.root() == first.nextRoot, "root");
    }

    // ---- a wrong batch ----

    function testFuzz_RefusesAChangedBatch(uint256 at, uint8 flip) public {
        vm.assume(flip != 0);
        Batch memory batch = first;
        batch.batch[at % batch.batch.length] ^= bytes1(flip);
        refuse(rollup, batch);
    }

    function testFuzz_RefusesAnotherBatch(bytes calldata other) public {
        vm.assume(keccak256(other) != keccak256(first.batch));
        Batch memory batch = first;
        batch.batch = other;
        refuse(rollup, batch);
    }

    function testFuzz_RefusesALongerBatch(bytes1 tail) public {
        Batch memory batch = first;
        batch.batch = bytes.concat(batch.batch, tail);
        refuse(rollup, batch);
    }

    function testFuzz_RefusesAnotherRoot(bytes32 root) public {
        vm.assume(root != first.nextRoot);
        Batch memory batch = first;
        batch.nextRoot = root;
        refuse(rollup, batch);
    }

    function testFuzz_RefusesAChangedProof(uint256 at, uint8 flip) public {
        vm.assume(flip != 0);
        Batch memory batch = first;
        batch.proofData[at % batch.proofData.length] ^= bytes1(flip);
        bytes4 reason = bytes4(attempt(rollup, batch));
        check(
            reason == IFinialVerifier.ProofRejected.selector
                || reason == IFinialVerifier.ProofScalarNotCanonical.selector
                || reason == IFinialVerifier.ProofCoordinateNotCanonical.selector,
            "another error"
        );
    }

    // ---- a replayed batch, or one that is not its turn ----

    function testFuzz_RefusesAnotherNumber(uint256 number) public {
        vm.assume(number != 1);
        Batch memory batch = first;
        batch.number = number;
        bytes memory reason = attempt(rollup, batch);
        checkEq(
            reason,
            abi.encodeWithSelector(TransfersRollup.NotTheNextBatch.selector, 1, number),
            "another error"
        );
    }

    function test_RefusesEveryBatchButTheNext() public {
        for (uint256 settled = 0; settled <= 3; settled++) {
            for (uint256 number = 1; number <= COUNT; number++) {
                if (number == settled + 1) continue;
                Batch memory batch = read(number);
                check(
                    bytes4(attempt(rollup, batch)) == TransfersRollup.NotTheNextBatch.selector,
                    "another error"
                );
                // Under the number whose turn it is, the proof does not fit.
                batch.number = settled + 1;
                refuse(rollup, batch);
            }
            settle(read(settled + 1));
        }
    }

    /// Nonces keep a root from coming back, but the contract does not rely on the guest for that.
    function test_RefusesAReplayEvenIfTheRootCameBack() public {
        settle(first);
        rvm.store(address(rollup), bytes32(0), genesisRoot);
        check(rollup.root() == genesisRoot, "the root is in slot 0");
        Batch memory again = first;
        again.number = 2;
        refuse(rollup, again);
    }

    // ---- another chain, contract, program, beginning ----

    function testFuzz_RefusesAnotherChain(uint64 chain) public {
        vm.assume(chain != 31337 && chain != 0);
        vm.chainId(chain);
        // A verifier of development parameters refuses the chain before it looks at the proof.
        if (front.insecureParameters() && chain != 1337) {
            bytes4 expected = IFinialVerifier.InsecureParametersOnChain.selector;
            check(bytes4(attempt(rollup, first)) == expected, "another error");
        } else {
            refuse(rollup, first);
        }
    }

    function test_RefusesTheOtherDevelopmentChain() public {
        vm.chainId(1337);
        refuse(rollup, first);
    }

    function testFuzz_RefusesAnotherContract(address other) public {
        vm.assume(other != place && uint160(other) > 0xffff && other.code.length == 0);
        vm.assume(other != address(vm));
        refuse(deployAt(other), first);
    }

    function testFuzz_RefusesAnotherProgram(uint256 commit) public {
        exeCommit = bytes32(commit >> 3);
        vm.assume(exeCommit != rollup.exeCommit());
        refuse(deployAt(place), first);
    }

    function testFuzz_RefusesOtherRecursionPrograms(uint256 commit) public {
        leafCommit = bytes32(commit >> 3);
        vm.assume(leafCommit != rollup.leafCommit());
        refuse(deployAt(place), first);
    }

    function testFuzz_RefusesAnotherPreviousRoot(bytes32 root) public {
        vm.assume(root != genesisRoot);
        genesisRoot = root;
        refuse(deployAt(place), first);
    }

    // ---- construction ----

    function test_HoldsWhatItWasGiven() public view {
        check(rollup.verifier() == front && rollup.root() == genesisRoot && rollup.batches() == 0, "state");
        check(rollup.exeCommit() == exeCommit && rollup.leafCommit() == leafCommit, "commitments");
    }

    function testFuzz_NeedsAVerifier(address nobody) public {
        vm.assume(nobody.code.length == 0);
        vm.expectRevert(abi.encodeWithSelector(TransfersRollup.VerifierHasNoCode.selector, nobody));
        new TransfersRollup(IFinialVerifier(nobody), exeCommit, leafCommit, genesisRoot);
    }
}

/// The address in the proofs is the one `scripts/rollup` deploys to, from the code of today.
contract TransfersRollupAddressTest is Batches {
    function test_TheProofsAreForTheDeployedRollup() public {
        load();
        bytes32 salt = keccak256("finial");
        address halo2 = predict(salt, creationCode("Halo2Verifier"));
        front =
            IFinialVerifier(predict(salt, bytes.concat(creationCode("FinialVerifier"), abi.encode(halo2))));
        address expected = predict(keccak256("finial/transfers-rollup"), rollupCode());
        check(expected == place, "scripts/rollup --prove-committed makes the proofs anew");
        for (uint256 number = 1; number <= COUNT; number++) {
            check(rvm.parseJsonAddress(file(number), ".contract") == place, "one address");
        }
    }

    function predict(bytes32 salt, bytes memory code) private pure returns (address) {
        address proxy = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), proxy, salt, keccak256(code)));
        return address(uint160(uint256(hash)));
    }
}
