//! Deployment: a plan that anybody can look at, and its execution.
//!
//! Every contract goes through the CREATE2 proxy, so its address follows from its code and is the same on every
//! chain; what is there already with the right code is left alone.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{SolCall, SolValue};
use finial_evm::Contract;
use serde::Serialize;

use crate::create2;
use crate::deployments::{ADAPTER, Deployed, Deployments, ROUTER};
use crate::error::Error;
use crate::front::require_honest;
use crate::money::Wei;
use crate::node::{Call, Node, Prices, Receipt};
use crate::rehearse::{Created, Creation, rehearse};
use crate::revert::{IFinialRouter, Others};
use crate::secret::Sender;

/// A verifier to deploy: the generated one and its front.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// Version and circuit, as in the repository: `v1/direct`.
    pub path: String,
    /// Name of the front's contract.
    pub front: String,
    /// The contract's files.
    pub contract: Contract,
}

/// A router to deploy.
#[derive(Clone, Debug)]
pub struct RouterRequest {
    /// Its creation code.
    pub code: Vec<u8>,
    /// Who may add and freeze versions.
    pub owner: Address,
}

/// An adapter to deploy in front of the router.
#[derive(Clone, Debug)]
pub struct AdapterRequest {
    /// Its creation code.
    pub code: Vec<u8>,
    /// The leaf programs whose proofs it takes.
    pub leaf_commit: [u8; 32],
}

/// What to deploy.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Verifiers.
    pub verifiers: Vec<Verifier>,
    /// The router that knows them.
    pub router: Option<RouterRequest>,
    /// The adapter to the router.
    pub adapter: Option<AdapterRequest>,
}

/// Whether a contract is on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was there before, with the right code.
    Present,
    /// It is not there.
    Missing,
    /// It was put there now.
    Deployed,
}

/// One contract of a plan.
#[derive(Clone, Debug, Serialize)]
pub struct Planned {
    /// Path and name.
    pub name: String,
    /// Where it is or will be.
    pub address: Address,
    /// Hash of its code.
    pub code_hash: B256,
    /// Of a front: hash of the generated verifier behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verifier_code_hash: Option<B256>,
    /// Whether it is there.
    pub state: State,
    /// Gas of its deployment: the node's estimate, or, while what its constructor looks at is not there yet, what
    /// the local EVM took; nothing if it is there.
    pub gas_estimate: u64,
    /// The receipt, if it was deployed now.
    #[serde(flatten)]
    pub receipt: Option<Receipt>,
    #[serde(skip)]
    init_code: Vec<u8>,
}

/// A version that the router should know.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    /// First four bytes of the generated verifier's code hash: what a routed proof starts with.
    pub selector: alloy_primitives::FixedBytes<4>,
    /// The front it leads to.
    pub verifier: Address,
    /// Where the router leads it, if it knows the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Address>,
    /// Whether the version is frozen, which nobody can undo.
    pub frozen: bool,
    /// The receipt, if it was added now.
    #[serde(flatten)]
    pub receipt: Option<Receipt>,
}

/// What would be done, or was done.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The chain.
    pub chain_id: u64,
    /// Contracts, in the order of their deployment.
    pub contracts: Vec<Planned>,
    /// The router's owner, if a router is in the plan: the one it has, or will have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Address>,
    /// The owner that was asked for: part of the router's address, and not always its owner any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_owner: Option<Address>,
    /// To whom the owner has offered the router; accepting it makes this account the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_owner: Option<Address>,
    /// Versions the router should know. Its owner has to add what is not present.
    pub routes: Vec<Route>,
    /// Gas of all that is missing, without routes.
    pub gas_estimate: u64,
    /// Price of gas now, in wei.
    pub gas_price: Wei,
    /// What the estimate costs at that price.
    pub cost_estimate: Wei,
    /// Gas that was used.
    pub gas_used: u64,
    /// What was paid.
    pub paid: Wei,
}

/// A limit of gas above an estimate: estimates by bisection stop within a few per cent.
pub(crate) const fn with_margin(gas: u64) -> u64 {
    gas.saturating_add(gas / 20)
}

/// Looks at the chain and says what has to be done. Sends nothing.
///
/// # Errors
/// When these contracts may not be on this chain, the proxy is missing, or other code is in the way.
pub fn plan(node: &Node, request: &Request, from: Option<Address>) -> Result<Plan, Error> {
    let chain_id = node.chain_id();
    require_allowed(node, &request.verifiers)?;
    let creations = creations(request)?;
    let mut rehearsal = rehearse(chain_id, &creations.iter().map(|(c, _)| c.clone()).collect::<Vec<_>>())?;
    for verifier in &request.verifiers {
        require_honest(&mut rehearsal, verifier)?;
    }
    match node.code_hash(create2::PROXY)? {
        Some(hash) if hash == alloy_primitives::keccak256(create2::PROXY_CODE) => {}
        _ => return Err(Error::NoProxy { chain_id }),
    }
    let mut contracts = Vec::with_capacity(creations.len());
    for ((creation, verifier_code_hash), created) in creations.into_iter().zip(rehearsal.created) {
        contracts.push(look(node, creation, verifier_code_hash, created, from)?);
    }
    let mut plan = Plan {
        chain_id,
        owner: request.router.as_ref().map(|router| router.owner),
        requested_owner: request.router.as_ref().map(|router| router.owner),
        pending_owner: None,
        routes: Vec::new(),
        gas_estimate: contracts.iter().map(|contract| contract.gas_estimate).sum(),
        contracts,
        gas_price: Wei::default(),
        cost_estimate: Wei::default(),
        gas_used: 0,
        paid: Wei::default(),
    };
    if let Some(router) = plan.contract(ROUTER).filter(|router| router.state == State::Present) {
        let router = router.address;
        plan.owner = Some(ask(node, router, &Others::ownerCall {})?);
        let pending = ask(node, router, &Others::pendingOwnerCall {})?;
        plan.pending_owner = Some(pending).filter(|pending| *pending != Address::ZERO);
    }
    plan.routes = routes(node, &plan)?;
    plan.price(node.prices()?);
    Ok(plan)
}

/// Carries a plan out and tells `done` about every contract that is there. Versions are added to the router if
/// the sender owns it.
///
/// # Errors
/// When a transaction fails. What was deployed before that stays, and the next run finds it.
pub fn execute(
    node: &Node,
    plan: &mut Plan,
    sender: &Sender,
    mut done: impl FnMut(&Planned) -> Result<(), Error>,
) -> Result<(), Error> {
    node.admit(sender)?;
    for index in 0..plan.contracts.len() {
        let contract = &mut plan.contracts[index];
        if contract.state == State::Missing {
            let call = Call { to: create2::PROXY, data: create2::calldata(&contract.init_code) };
            let gas = node.estimate(Some(sender.address()), &call)?;
            let receipt = node.send(sender, &call, with_margin(gas), node.prices()?)?;
            require_code(node, contract)?;
            plan.gas_used += receipt.gas_used;
            plan.paid.0 += receipt.paid.0;
            contract.receipt = Some(receipt);
            contract.state = State::Deployed;
        }
        done(contract)?;
    }
    add_routes(node, plan, sender)
}

impl RouterRequest {
    pub(crate) fn creation(&self) -> Creation {
        let init_code = [self.code.as_slice(), &self.owner.abi_encode()].concat();
        Creation { name: ROUTER.to_owned(), init_code }
    }
}

impl Plan {
    /// Whether everything is on the chain, and every version leads to its verifier and is open.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.contracts.iter().all(|contract| contract.state != State::Missing)
            && self.routes.iter().all(|route| route.current == Some(route.verifier) && !route.frozen)
    }

    /// Who owns the router instead of who was asked for.
    #[must_use]
    pub fn other_owner(&self) -> Option<Address> {
        self.owner.filter(|_| self.owner != self.requested_owner)
    }

    /// The contract of this name.
    #[must_use]
    pub fn contract(&self, name: &str) -> Option<&Planned> {
        self.contracts.iter().find(|contract| contract.name == name)
    }

    fn price(&mut self, prices: Prices) {
        self.gas_price = Wei(prices.now);
        self.cost_estimate = Wei::of_gas(self.gas_estimate, prices.now);
    }
}

impl Planned {
    /// Puts this contract into a deployments file; who made it stays known.
    pub fn record(&self, file: &mut Deployments) {
        let before = file.contracts.get(&self.name).filter(|old| old.address == self.address);
        let transaction = self.receipt.as_ref().map(|receipt| receipt.transaction);
        let block = self.receipt.as_ref().and_then(|receipt| receipt.block);
        let entry = Deployed {
            address: self.address,
            code_hash: self.code_hash,
            verifier_code_hash: self.verifier_code_hash,
            transaction: transaction.or_else(|| before.and_then(|old| old.transaction)),
            block: block.or_else(|| before.and_then(|old| old.block)),
        };
        file.contracts.insert(self.name.clone(), entry);
    }
}

/// Whether contracts with these parameters belong on this chain: asked before keys and anything else.
///
/// # Errors
/// Names the contract that does not.
pub fn require_allowed(node: &Node, verifiers: &[Verifier]) -> Result<(), Error> {
    let insecure = |verifier: &&Verifier| verifier.contract.manifest.params.insecure;
    match verifiers.iter().find(insecure).filter(|_| !node.is_development()) {
        None => Ok(()),
        Some(Verifier { path, contract, .. }) => {
            let what = format!("the contract {path} ({})", contract.manifest.params.name);
            Err(Error::InsecureParameters { what, chain_id: node.chain_id() })
        }
    }
}

/// Creation codes with their arguments, in the order of deployment; fronts with their verifier's code hash.
fn creations(request: &Request) -> Result<Vec<(Creation, Option<B256>)>, Error> {
    let mut list = Vec::new();
    for verifier in &request.verifiers {
        let [generated, front] = verifier.creations();
        list.push((generated, None));
        list.push((front, Some(verifier.contract.manifest.code_hash.into())));
    }
    let router = request.router.as_ref().map(RouterRequest::creation);
    if let Some(adapter) = &request.adapter {
        let router = router.as_ref().ok_or(Error::AdapterNeeds)?;
        let arguments = (create2::address(&router.init_code), B256::from(adapter.leaf_commit)).abi_encode();
        let init_code = [adapter.code.as_slice(), &arguments].concat();
        list.push((router.clone(), None));
        list.push((Creation { name: ADAPTER.to_owned(), init_code }, None));
    } else if let Some(router) = router {
        list.push((router, None));
    }
    Ok(list)
}

/// Whether a contract is there, and what it would take.
fn look(
    node: &Node,
    creation: Creation,
    verifier_code_hash: Option<B256>,
    created: Created,
    from: Option<Address>,
) -> Result<Planned, Error> {
    let Created { address, code_hash, gas } = created;
    let mut planned = Planned {
        name: creation.name,
        address,
        code_hash,
        verifier_code_hash,
        state: State::Missing,
        gas_estimate: 0,
        receipt: None,
        init_code: creation.init_code,
    };
    match node.code_hash(address)? {
        Some(_) => {
            require_code(node, &planned)?;
            planned.state = State::Present;
        }
        None => {
            let call = Call { to: create2::PROXY, data: create2::calldata(&planned.init_code) };
            planned.gas_estimate = match node.estimate(from, &call) {
                Ok(estimate) => estimate,
                // Its constructor looks at a contract that is missing too; the local run had it.
                Err(Error::Reverted { .. }) => gas,
                Err(error) => return Err(error),
            };
        }
    }
    Ok(planned)
}

fn require_code(node: &Node, contract: &Planned) -> Result<(), Error> {
    let Planned { name, address, code_hash, .. } = contract;
    match node.code_hash(*address)? {
        Some(found) if found == *code_hash => Ok(()),
        found => Err(Error::OtherCode {
            name: name.clone(),
            address: *address,
            expected: *code_hash,
            found: found.unwrap_or_default(),
        }),
    }
}

/// What the plan's router should know, and whether it does.
fn routes(node: &Node, plan: &Plan) -> Result<Vec<Route>, Error> {
    let Some(router) = plan.contract(ROUTER) else { return Ok(Vec::new()) };
    let fronts = plan.contracts.iter().filter_map(|front| Some((front.address, front.verifier_code_hash?)));
    fronts
        .map(|(verifier, code_hash)| {
            let selector = alloy_primitives::FixedBytes::from_slice(&code_hash[..4]);
            let mut route = Route { selector, verifier, current: None, frozen: false, receipt: None };
            if router.state == State::Present {
                route.look(node, router.address)?;
            }
            Ok(route)
        })
        .collect()
}

impl Route {
    /// Asks the router about this version.
    fn look(&mut self, node: &Node, router: Address) -> Result<(), Error> {
        let answer = ask(node, router, &IFinialRouter::routesCall { selector: self.selector })?;
        self.current = Some(answer.verifier).filter(|verifier| *verifier != Address::ZERO);
        self.frozen = answer.frozen;
        Ok(())
    }
}

/// The answer to a question that changes nothing.
pub(crate) fn ask<C: SolCall>(node: &Node, to: Address, question: &C) -> Result<C::Return, Error> {
    let answer = node.call(None, &Call { to, data: question.abi_encode().into() })?;
    C::abi_decode_returns_validate(&answer).map_err(|error| Error::Halted {
        address: to,
        why: format!("its answer to {}: {error}", C::SIGNATURE),
    })
}

fn add_routes(node: &Node, plan: &mut Plan, sender: &Sender) -> Result<(), Error> {
    let Some(router) = plan.contract(ROUTER).map(|router| router.address) else { return Ok(()) };
    if plan.owner != Some(sender.address()) {
        return Ok(());
    }
    for route in plan.routes.iter_mut().filter(|route| route.current.is_none()) {
        let call = Call {
            to: router,
            data: IFinialRouter::addCall { verifier: route.verifier }.abi_encode().into(),
        };
        let gas = node.estimate(Some(sender.address()), &call)?;
        let receipt = node.send(sender, &call, with_margin(gas), node.prices()?)?;
        plan.gas_used += receipt.gas_used;
        plan.paid.0 += receipt.paid.0;
        route.receipt = Some(receipt);
        route.look(node, router)?;
    }
    Ok(())
}
