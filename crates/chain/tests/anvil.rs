//! Deployment and submission on a real anvil.

mod common;

use std::time::Duration;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;
use common::{ACCOUNT, Anvil, HEIR, KEY, answering, generated, proof, proof_of, request, sender};
use finial_chain::deploy::{self, AdapterRequest, Plan, RouterRequest, State};
use finial_chain::node::Call;
use finial_chain::revert::IFinialRouter::{addCall, freezeCall};
use finial_chain::submit::{self, Code, Mode, Submitted, Target};
use finial_chain::{Deployments, Error, Fault, KeySource, Node, Sender, artifacts, create2};
use finial_evm::calldata::IFinialVerifier::{VERSION_SELECTORCall, halo2VerifierCall, verifierCodeHashCall};
use finial_evm::{Calldata, Circuit, ProofFile};

fn deployed(node: &Node, sender: &Sender) -> Plan {
    let mut plan = deploy::plan(node, &request(&[Circuit::Direct]), Some(sender.address())).unwrap();
    deploy::execute(node, &mut plan, sender, |_| Ok(())).unwrap();
    plan
}

/// Where no files of the contract are known.
fn submit(node: &Node, proof: &ProofFile, target: &Target, mode: Mode<'_>) -> Result<Submitted, Error> {
    submit::submit(node, proof, target, None, mode)
}

fn front(plan: &Plan) -> Address {
    plan.contract("v1/direct/FinialVerifier").unwrap().address
}

/// A well-formed file whose proof is wrong: the last coordinate of its last point is another one.
fn tampered() -> ProofFile {
    let mut file = proof();
    *file.proof_data.last_mut().unwrap() ^= 1;
    file.calldata = Calldata::new(&file.statement().unwrap(), &file.proof_data).0;
    file
}

#[test]
fn a_dry_run_sends_nothing_and_a_second_deployment_deploys_nothing() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let plan = deploy::plan(&node, &request(&[Circuit::Direct]), None).unwrap();
    assert!(plan.contracts.iter().all(|contract| contract.state == State::Missing));
    assert!(plan.gas_estimate > 1_000_000 && plan.cost_estimate.0 > 0);
    for contract in &plan.contracts {
        assert_eq!(node.code_hash(contract.address).unwrap(), None, "the dry run sent something");
    }

    let mut file = Deployments::new(31337);
    let mut executed = deploy::plan(&node, &request(&[Circuit::Direct]), Some(ACCOUNT)).unwrap();
    deploy::execute(&node, &mut executed, &sender(), |contract| {
        contract.record(&mut file);
        Ok(())
    })
    .unwrap();
    assert!(executed.is_done());
    for (before, after) in plan.contracts.iter().zip(&executed.contracts) {
        assert_eq!((before.address, before.code_hash), (after.address, after.code_hash));
        assert_eq!(after.state, State::Deployed);
        assert_eq!(node.code_hash(after.address).unwrap(), Some(after.code_hash));
        // The estimate is what it took, within the few per cent of a bisection.
        let used = after.receipt.as_ref().unwrap().gas_used;
        assert!(used.abs_diff(after.gas_estimate) * 20 < used, "{used} against {}", after.gas_estimate);
    }

    let again = deployed(&node, &sender());
    assert!(again.contracts.iter().all(|contract| contract.state == State::Present));
    assert_eq!((again.gas_estimate, again.gas_used), (0, 0));
    // Who deployed it stays in the file when a later run finds it.
    let transaction = file.contracts["v1/direct/FinialVerifier"].transaction;
    again.contracts.iter().for_each(|contract| contract.record(&mut file));
    assert!(transaction.is_some());
    assert_eq!(file.contracts["v1/direct/FinialVerifier"].transaction, transaction);

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("31337.json");
    file.write(&path).unwrap();
    let target = Target::Deployments(path);
    let answer = submit(&node, &proof(), &target, Mode::Call).unwrap();
    assert_eq!((answer.to, answer.gas_estimate), (front(&again), None));
    assert_eq!(answer.code, Code::Deployments);
}

#[test]
fn a_valid_proof_is_accepted_for_the_gas_it_states() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let target = Target::Front(front(&deployed(&node, &sender())));
    let dry = submit(&node, &proof(), &target, Mode::DryRun(None)).unwrap();
    assert!(dry.receipt.is_none() && dry.gas_estimate.unwrap() >= proof().gas);
    let answer = submit(&node, &proof(), &target, Mode::Send(&sender())).unwrap();
    let receipt = answer.receipt.unwrap();
    assert_eq!(receipt.gas_used, proof().gas);
    assert!(receipt.paid.0 > 0);
}

#[test]
fn refusals_have_names() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let front = front(&deployed(&node, &sender()));
    let refuse = |file: &ProofFile, expected: &str| {
        let error = submit(&node, file, &Target::Front(front), Mode::Send(&sender())).unwrap_err();
        let Error::Reverted { revert, .. } = &error else { panic!("{error}") };
        assert_eq!(revert.text, expected);
        assert_eq!(error.fault(), Fault::Proof);
    };
    refuse(&tampered(), "ProofRejected");
    let mut file = proof();
    file.calldata.push(0);
    refuse(&file, "NonCanonicalCalldata");
    let mut file = proof();
    file.proof_data.truncate(64);
    let length = proof().proof_data.len();
    file.calldata = Calldata::new(&file.statement().unwrap(), &file.proof_data).0;
    refuse(&file, &format!("ProofLengthMismatch {{ expected: {length}, actual: 64 }}"));
    let mut file = proof();
    file.proof_data[..32].fill(0xff);
    file.calldata = Calldata::new(&file.statement().unwrap(), &file.proof_data).0;
    refuse(&file, "ProofCoordinateNotCanonical { index: 0 }");

    // Sent all the same, it fails on the chain, and the reason is found again.
    let call = Call { to: front, data: tampered().calldata.into() };
    let error = node.send(&sender(), &call, 2_000_000, node.prices().unwrap()).unwrap_err();
    let Error::Failed { revert: Some(revert), .. } = &error else { panic!("{error}") };
    assert_eq!((revert.name.as_str(), error.fault()), ("ProofRejected", Fault::Chain));
}

#[test]
fn proofs_do_not_go_where_they_do_not_belong() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let plan = deployed(&node, &sender());
    let refuse = |file: &ProofFile, to: Address| {
        submit(&node, file, &Target::Front(to), Mode::Send(&sender())).unwrap_err()
    };
    // An account without code accepts every call.
    assert!(matches!(refuse(&proof(), ACCOUNT), Error::NoContract { .. }));
    let mut other = proof();
    other.code_hash = [1; 32];
    assert!(matches!(refuse(&other, front(&plan)), Error::OtherContract { .. }));
    // The generated verifier itself, and the proxy, are no fronts.
    let generated = plan.contract("v1/direct/Halo2Verifier").unwrap().address;
    for to in [generated, create2::PROXY] {
        let error = refuse(&proof(), to);
        assert!(matches!(error, Error::NoFront { .. }), "{error}");
    }
}

#[test]
fn development_parameters_stay_off_real_chains() {
    let anvil = Anvil::start(1);
    let node = anvil.node();
    let error = deploy::plan(&node, &request(&[Circuit::Direct]), None).unwrap_err();
    assert!(matches!(&error, Error::InsecureParameters { chain_id: 1, .. }), "{error}");
    assert_eq!(error.fault(), Fault::Input);
    // A manifest that calls them secure does not help: the constructor knows.
    let mut dressed = request(&[Circuit::Direct]);
    dressed.verifiers[0].contract.manifest.params.insecure = false;
    let error = deploy::plan(&node, &dressed, None).unwrap_err().to_string();
    assert!(error.contains("InsecureParametersOnChain { chainId: 1 }"), "{error}");
    let target = Target::Front(create2::PROXY);
    let error = submit(&node, &proof(), &target, Mode::Call).unwrap_err();
    assert!(matches!(&error, Error::InsecureParameters { chain_id: 1, .. }), "{error}");
    // Nor are accounts of the node taken there.
    let call = Call { to: ACCOUNT, data: Vec::new().into() };
    let error = node.send(&sender(), &call, 21_000, node.prices().unwrap()).unwrap_err();
    assert!(matches!(&error, Error::UnlockedOnChain { chain_id: 1 }), "{error}");
}

#[test]
fn a_manifest_of_another_verifier_is_refused() {
    let anvil = Anvil::start(31337);
    let mut changed = request(&[Circuit::Direct]);
    changed.verifiers[0].contract.manifest.code_hash[0] ^= 1;
    let error = deploy::plan(&anvil.node(), &changed, None).unwrap_err();
    assert!(matches!(&error, Error::Rehearsal { .. }), "{error}");
}

#[test]
fn a_key_signs_here_and_an_empty_account_is_told_so() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let directory = tempfile::tempdir().unwrap();
    let keystore = |name: &str, key: &[u8]| {
        let mut rng = rand_08::thread_rng();
        eth_keystore::encrypt_key(directory.path(), &mut rng, key, "secret words", Some(name)).unwrap();
        let password = directory.path().join("password");
        std::fs::write(&password, "secret words\n").unwrap();
        let file = directory.path().join(name);
        KeySource::choose(Some(&file), Some(&password), None).unwrap().open().unwrap()
    };
    let key = hex::decode(KEY.trim_start_matches("0x")).unwrap();
    let sender = keystore("funded", &key);
    assert_eq!(sender.address(), ACCOUNT);
    let target = Target::Front(front(&deployed(&node, &sender)));
    let answer = submit(&node, &proof(), &target, Mode::Send(&sender)).unwrap();
    assert_eq!(answer.receipt.unwrap().gas_used, proof().gas);

    let poor = keystore("poor", &[7; 32]);
    let error = submit(&node, &proof(), &target, Mode::Send(&poor)).unwrap_err();
    assert!(matches!(&error, Error::Funds { .. }), "{error}");
    let shown = format!("{error} {error:?} {poor:?} {sender:?}");
    assert!(!shown.contains("0707070707") && !shown.contains(&hex::encode(&key)[..10]), "{shown}");

    let stranger = Sender::Unlocked(Address::repeat_byte(3));
    let error = submit(&node, &proof(), &target, Mode::Send(&stranger)).unwrap_err();
    assert!(matches!(&error, Error::NotUnlocked { .. }), "{error}");
}

#[test]
fn a_transaction_that_is_not_mined_is_named() {
    let anvil = Anvil::start(31337);
    let node = anvil.node().with_receipt_timeout(Duration::ZERO);
    let call = Call { to: ACCOUNT, data: Vec::new().into() };
    let error = node.send(&sender(), &call, 30_000, node.prices().unwrap()).unwrap_err();
    let Error::NotMined { transaction, .. } = error else { panic!("{error}") };
    assert_ne!(transaction, B256::ZERO);
}

#[test]
fn a_router_needs_code() {
    let anvil = Anvil::start(31337);
    let mut request = request(&[Circuit::Direct]);
    request.router = Some(RouterRequest { code: vec![0xfe], owner: ACCOUNT });
    let error = deploy::plan(&anvil.node(), &request, None).unwrap_err().to_string();
    assert!(error.contains("FinialRouter cannot be created"), "{error}");
}

#[test]
fn a_router_leads_both_circuits_to_their_verifiers() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let mut request = request(&Circuit::ALL);
    let router = |owner| Some(RouterRequest { code: artifacts::router_code().unwrap(), owner });
    request.router = router(ACCOUNT);
    request.adapter = Some(AdapterRequest { code: artifacts::adapter_code().unwrap(), leaf_commit: [7; 32] });
    let mut plan = deploy::plan(&node, &request, Some(ACCOUNT)).unwrap();
    let address = plan.contract("FinialRouter").unwrap().address;
    let early = submit(&node, &proof(), &Target::Router(address), Mode::Call).unwrap_err();
    assert!(matches!(early, Error::NoContract { .. }), "{early}");
    assert!(!plan.is_done());
    deploy::execute(&node, &mut plan, &sender(), |_| Ok(())).unwrap();
    assert!(plan.is_done() && plan.routes.iter().all(|route| route.receipt.is_some()));
    let again = deploy::plan(&node, &request, None).unwrap();
    assert!(again.is_done() && again.owner == Some(ACCOUNT));
    assert!(again.routes.iter().all(|route| route.current == Some(route.verifier)));
    let known = submit::known_contract(&proof(), Some(&generated())).unwrap();
    let code = |known: Option<&deploy::Verifier>| {
        submit::submit(&node, &proof(), &Target::Router(address), known, Mode::Call).unwrap().code
    };
    assert_eq!((code(known.as_ref()), code(None)), (Code::Files, Code::Unknown));

    for circuit in Circuit::ALL {
        let proof = proof_of(circuit);
        let answer = submit(&node, &proof, &Target::Router(address), Mode::Send(&sender())).unwrap();
        assert!(answer.receipt.unwrap().gas_used > proof.gas, "the router takes some");
    }
    let refuse = |file: &ProofFile, expected: &str| {
        let error = submit(&node, file, &Target::Router(address), Mode::Send(&sender())).unwrap_err();
        assert!(error.to_string().ends_with(expected), "{error} should end with {expected}");
        assert_eq!(error.fault(), Fault::Proof);
    };
    refuse(&tampered(), "ProofRejected");
    let mut other = proof();
    other.code_hash = [9; 32];
    refuse(&other, "UnknownVersion { selector: 0x09090909 }");
    let selector = plan.routes[0].selector;
    let call = Call { to: address, data: freezeCall { selector }.abi_encode().into() };
    let stranger = node.call(Some(Address::repeat_byte(5)), &call).unwrap_err();
    assert!(stranger.to_string().contains("OwnableUnauthorizedAccount"), "{stranger}");
    node.send(&sender(), &call, 100_000, node.prices().unwrap()).unwrap();
    refuse(&proof(), &format!("VersionIsFrozen {{ selector: {selector} }}"));
    let frozen = deploy::plan(&node, &request, None).unwrap();
    assert!(frozen.routes[0].frozen && !frozen.is_done());

    // Of somebody else's router the sender only says what its owner has to do.
    request.router = router(Address::repeat_byte(9));
    request.adapter = None;
    let mut plan = deploy::plan(&node, &request, Some(ACCOUNT)).unwrap();
    assert_ne!(plan.contract("FinialRouter").unwrap().address, address);
    deploy::execute(&node, &mut plan, &sender(), |_| Ok(())).unwrap();
    assert!(!plan.is_done() && plan.routes.iter().all(|route| route.receipt.is_none()));
}

#[test]
fn a_key_signs_only_for_the_chain_and_price_that_were_named() {
    let anvil = Anvil::start(5);
    let key = Sender::Key(KEY.parse().unwrap());
    let call = Call { to: ACCOUNT, data: Vec::new().into() };
    let send = |node: &Node| node.send(&key, &call, 21_000, node.prices()?);
    let error = send(&anvil.node()).unwrap_err();
    assert!(matches!(&error, Error::ChainNotNamed { chain_id: 5 }), "{error}");
    let error = anvil.node().on_chain(1).err().unwrap();
    assert!(matches!(&error, Error::WrongChain { expected: 1, node: 5 }), "{error}");
    assert!(error.to_string().contains("--chain-id") && error.fault() == Fault::Input, "{error}");

    let error = send(&anvil.node().on_chain(5).unwrap().with_max_fee(1_000)).unwrap_err();
    let Error::Fee { price, limit: 1_000, .. } = error else { panic!("{error}") };
    let shown = error.to_string();
    assert!(price > 1_000 && shown.contains("0.000001 gwei") && shown.contains("--max-fee"), "{shown}");
    // What costs the limit is paid, and no more is offered.
    let node = anvil.node().on_chain(5).unwrap().with_max_fee(price);
    assert_eq!(node.prices().unwrap().most, price);
    send(&node).unwrap();
    // On a development chain the node's word is enough, and another name is still refused.
    let anvil = Anvil::start(31337);
    send(&anvil.node()).unwrap();
    assert!(anvil.node().on_chain(5).is_err());
}

#[test]
fn a_contract_is_believed_only_if_its_code_is_known() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let plan = deployed(&node, &sender());
    let known = submit::known_contract(&proof(), Some(&generated())).unwrap();
    let ask = |target: &Target, known: Option<&deploy::Verifier>| {
        submit::submit(&node, &proof(), target, known, Mode::Call)
    };
    let honest = Target::Front(front(&plan));
    let answer = ask(&honest, known.as_ref()).unwrap();
    assert_eq!(answer.code, Code::Files);
    assert_eq!(answer.code_hash, plan.contract("v1/direct/FinialVerifier").unwrap().code_hash);
    assert_eq!(ask(&honest, None).unwrap().code, Code::Unknown);
    assert!(submit::known_contract(&proof(), None).unwrap().is_none(), "this build has other contracts");

    // A contract that accepts every proof, and answers what the front answers.
    let generated = plan.contract("v1/direct/Halo2Verifier").unwrap().address;
    let liar = answering(&[
        (verifierCodeHashCall::SELECTOR, proof().code_hash.into()),
        (halo2VerifierCall::SELECTOR, generated.into_word()),
    ]);
    let stranger = Address::repeat_byte(7);
    anvil.set_code(stranger, &liar);
    let lying = Target::Front(stranger);
    assert_eq!(ask(&lying, None).unwrap().code, Code::Unknown);
    let error = ask(&lying, known.as_ref()).unwrap_err();
    assert!(matches!(&error, Error::OtherCode { address, .. } if *address == stranger), "{error}");

    // A deployments file states other code than there is.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("31337.json");
    let mut file = Deployments::new(31337);
    plan.contracts.iter().for_each(|contract| contract.record(&mut file));
    file.contracts.get_mut("v1/direct/FinialVerifier").unwrap().address = stranger;
    file.write(&path).unwrap();
    let error = ask(&Target::Deployments(path), None).unwrap_err();
    assert!(matches!(&error, Error::OtherCode { address, .. } if *address == stranger), "{error}");

    // The front's own code in front of nothing: its call of the verifier would succeed.
    anvil.set_code(generated, &[]);
    let error = ask(&honest, known.as_ref()).unwrap_err();
    assert!(matches!(&error, Error::NoContract { address, .. } if *address == generated), "{error}");
}

#[test]
fn a_router_that_changed_hands_is_told() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let prices = node.prices().unwrap();
    let mut request = request(&[Circuit::Direct]);
    request.router = Some(RouterRequest { code: artifacts::router_code().unwrap(), owner: ACCOUNT });
    let mut plan = deploy::plan(&node, &request, None).unwrap();
    deploy::execute(&node, &mut plan, &sender(), |_| Ok(())).unwrap();
    assert_eq!((plan.owner, plan.pending_owner, plan.other_owner()), (Some(ACCOUNT), None, None));
    let router = plan.contract("FinialRouter").unwrap().address;
    let data = [&hex::decode("f2fde38b").unwrap()[..], HEIR.into_word().as_slice()].concat();
    node.send(&sender(), &Call { to: router, data: data.into() }, 100_000, prices).unwrap();
    let plan = deploy::plan(&node, &request, None).unwrap();
    assert_eq!((plan.owner, plan.pending_owner, plan.other_owner()), (Some(ACCOUNT), Some(HEIR), None));
    let accept = Call { to: router, data: hex::decode("79ba5097").unwrap().into() };
    node.send(&Sender::Unlocked(HEIR), &accept, 100_000, prices).unwrap();
    let plan = deploy::plan(&node, &request, Some(ACCOUNT)).unwrap();
    assert_eq!((plan.owner, plan.pending_owner, plan.other_owner()), (Some(HEIR), None, Some(HEIR)));
    assert!(plan.is_done() && plan.requested_owner == Some(ACCOUNT));
}

#[test]
fn a_version_that_leads_elsewhere_is_not_done() {
    let anvil = Anvil::start(31337);
    let node = anvil.node();
    let mut request = request(&[Circuit::Direct]);
    request.router = Some(RouterRequest { code: artifacts::router_code().unwrap(), owner: ACCOUNT });
    // The verifiers by somebody else's hand, the router by the owner's, who adds another front of the same version.
    let mut first = deploy::plan(&node, &request, None).unwrap();
    first.owner = None;
    deploy::execute(&node, &mut first, &sender(), |_| Ok(())).unwrap();
    assert!(!first.is_done());
    let generated = first.contract("v1/direct/Halo2Verifier").unwrap().address;
    let other = Address::repeat_byte(8);
    let selector = B256::right_padding_from(&proof().code_hash[..4]);
    anvil.set_code(
        other,
        &answering(&[
            (VERSION_SELECTORCall::SELECTOR, selector),
            (halo2VerifierCall::SELECTOR, generated.into_word()),
        ]),
    );
    let router = first.contract("FinialRouter").unwrap().address;
    let add = Call { to: router, data: addCall { verifier: other }.abi_encode().into() };
    node.send(&sender(), &add, 100_000, node.prices().unwrap()).unwrap();
    let mut plan = deploy::plan(&node, &request, Some(ACCOUNT)).unwrap();
    deploy::execute(&node, &mut plan, &sender(), |_| Ok(())).unwrap();
    assert_eq!((plan.routes[0].current, plan.gas_used), (Some(other), 0));
    assert!(!plan.is_done());
    // The router answers, and the front behind it is none of the proof's.
    let error = submit(&node, &proof(), &Target::Router(router), Mode::Call).unwrap_err();
    assert!(matches!(&error, Error::NoFront { address } if *address == other), "{error}");
}
