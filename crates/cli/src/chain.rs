//! `deploy`, `submit` and `cost`: what has to do with a chain.

mod text;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use finial_chain::advice::{Advice, Figures, Market, Measured, advice};
use finial_chain::deploy::{self, AdapterRequest, Plan, Request, RouterRequest};
use finial_chain::money::MAX_GAS_PRICE;
use finial_chain::submit::{Mode, Submitted, Target, check_locally, known_contract, submit};
use finial_chain::{Address, Deployments, Error, KeyError, KeySource, Node, Sender, artifacts, deployments};
use finial_sdk::{Circuit, ProofFile};
use serde::Serialize;

use crate::error::CliError;
use crate::{answer, read, word, write};
use text::plan_text;

/// The node, and what it may not choose: the chain and the price.
#[derive(Debug, Args)]
pub struct NodeArgs {
    /// The node, http:// or https://.
    #[arg(long, value_name = "URL")]
    rpc_url: String,
    /// The chain that the node must be on. Needed to sign with a key, except on chains 31337 and 1337.
    #[arg(long, value_name = "N")]
    chain_id: Option<u64>,
    /// What gas may cost at most; above it nothing is sent [default: a million gwei].
    #[arg(long, value_name = "GWEI")]
    max_fee: Option<f64>,
}

/// Who signs. Keys are never arguments: a keystore, or the variable `FINIAL_PRIVATE_KEY`.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Keystore file with the key; its password comes from --password-file, FINIAL_KEYSTORE_PASSWORD or the terminal
    /// [default: the key in FINIAL_PRIVATE_KEY].
    #[arg(long, value_name = "FILE")]
    keystore: Option<PathBuf>,
    /// File with the keystore's password.
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
    /// An account that the node signs for: on chains 31337 and 1337 only.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "keystore")]
    unlocked: Option<Address>,
}

/// Which verifiers to deploy.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Circuits {
    /// That of direct proofs.
    Direct,
    /// That of wrapped proofs.
    Wrapped,
    /// Both.
    Both,
}

/// What to deploy, and where.
#[derive(Debug, Args)]
pub struct DeployArgs {
    /// The node and its limits.
    #[command(flatten)]
    node: NodeArgs,
    /// Whose verifier.
    #[arg(long, value_enum, default_value_t = Circuits::Direct)]
    circuit: Circuits,
    /// Directory with the contracts, in `direct` and `wrapped` [default: those of this build].
    #[arg(long, value_name = "DIR")]
    generated: Option<PathBuf>,
    /// The router too; the verifiers are added to it if the sender owns it.
    #[arg(long)]
    router: bool,
    /// Who may add and freeze versions [default: the sender].
    #[arg(long, value_name = "ADDRESS", requires = "router")]
    owner: Option<Address>,
    /// The adapter `verifyProof(programVKey, publicValues, proofBytes)` too.
    #[arg(long, requires_all = ["router", "leaf_commit"])]
    adapter: bool,
    /// The leaf programs whose proofs the adapter takes, as `finial commit` prints them.
    #[arg(long, value_name = "HEX", requires = "adapter")]
    leaf_commit: Option<String>,
    /// The file to write what is where into [default: contracts/deployments/CHAINID.json].
    #[arg(long, value_name = "FILE")]
    deployments: Option<PathBuf>,
    /// Send nothing: print addresses, gas and cost. Needs no key.
    #[arg(long)]
    dry_run: bool,
    /// Who signs.
    #[command(flatten)]
    key: KeyArgs,
}

/// What to send, and where to.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// The proof, as `prove evm` writes it.
    file: PathBuf,
    /// The node and its limits.
    #[command(flatten)]
    node: NodeArgs,
    /// The verifier, directly.
    #[arg(long, value_name = "ADDRESS", group = "target")]
    to: Option<Address>,
    /// The router, which finds the verifier.
    #[arg(long, value_name = "ADDRESS", group = "target")]
    router: Option<Address>,
    /// The file that names the verifier [default: contracts/deployments/CHAINID.json].
    #[arg(long, value_name = "FILE", group = "target")]
    deployments: Option<PathBuf>,
    /// Directory with the contracts to check the proof by first [default: those of this build].
    #[arg(long, value_name = "DIR")]
    generated: Option<PathBuf>,
    /// Ask the contract, and send nothing. Needs no key.
    #[arg(long, conflicts_with = "dry_run")]
    call: bool,
    /// Ask the contract, estimate gas and cost, and send nothing. Needs no key.
    #[arg(long)]
    dry_run: bool,
    /// Who signs.
    #[command(flatten)]
    key: KeyArgs,
}

/// What to compare, and at which prices.
#[derive(Debug, Args)]
pub struct CostArgs {
    /// Price of gas.
    #[arg(long, value_name = "GWEI", required_unless_present = "rpc_url", conflicts_with = "rpc_url")]
    gas_price: Option<f64>,
    /// A node whose price of gas is taken.
    #[arg(long, value_name = "URL")]
    rpc_url: Option<String>,
    /// Price of a CPU-hour, memory included.
    #[arg(long, value_name = "MONEY", requires = "eth_price")]
    cpu_hour_price: Option<f64>,
    /// Price of an ether, in the same currency.
    #[arg(long, value_name = "MONEY", requires = "cpu_hour_price")]
    eth_price: Option<f64>,
    /// Measured figures, as --save writes them [default: those of this build].
    #[arg(long, value_name = "FILE", conflicts_with = "direct")]
    figures: Option<PathBuf>,
    /// A direct proof and the report of its making (`prove evm --report`).
    #[arg(long, num_args = 2, value_names = ["PROOF", "REPORT"], requires = "wrapped")]
    direct: Vec<PathBuf>,
    /// A wrapped proof of the same run, and its report.
    #[arg(long, num_args = 2, value_names = ["PROOF", "REPORT"], requires = "direct")]
    wrapped: Vec<PathBuf>,
    /// Where to write the figures.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Where and when they were measured, for the file.
    #[arg(long, value_name = "TEXT", default_value = "not stated")]
    measured_on: String,
}

impl NodeArgs {
    fn connect(&self) -> Result<Node, CliError> {
        let max_fee = self.max_fee.map(|gwei| wei("--max-fee", gwei)).transpose()?;
        let mut node = Node::connect(&self.rpc_url)?;
        if let Some(chain_id) = self.chain_id {
            node = node.on_chain(chain_id)?;
        }
        Ok(match max_fee {
            Some(max_fee) => node.with_max_fee(max_fee),
            None => node,
        })
    }
}

impl KeyArgs {
    fn source(&self) -> Option<KeySource> {
        KeySource::choose(self.keystore.as_deref(), self.password_file.as_deref(), self.unlocked)
    }

    fn open(&self, node: &Node) -> Result<Sender, CliError> {
        let sender = self.source().ok_or(KeyError::None).and_then(|source| source.open());
        let sender = sender.map_err(Error::from)?;
        node.admit(&sender)?;
        Ok(sender)
    }
}

/// A plan and what became of it.
#[derive(Serialize)]
struct DeployAnswer {
    dry_run: bool,
    /// The file, if it was written.
    deployments: Option<PathBuf>,
    /// Whether everything is on the chain and every version leads to its verifier.
    done: bool,
    #[serde(flatten)]
    plan: Plan,
}

/// `deploy`.
pub fn run_deploy(args: &DeployArgs, json: bool) -> Result<(), CliError> {
    let node = args.node.connect()?;
    let mut request = Request::default();
    for circuit in args.circuit.list() {
        request.verifiers.push(artifacts::verifier(*circuit, args.generated.as_deref())?);
    }
    deploy::require_allowed(&node, &request.verifiers)?;
    let sender = if args.dry_run { None } else { Some(args.key.open(&node)?) };
    let from = sender.as_ref().map(Sender::address).or(args.key.unlocked);
    if args.router {
        let owner = args.owner.or(from).ok_or(Error::OwnerNeeded)?;
        request.router = Some(RouterRequest { code: artifacts::router_code()?, owner });
    }
    if let Some(leaf_commit) = args.leaf_commit.as_ref().filter(|_| args.adapter) {
        let leaf_commit = word("--leaf-commit", leaf_commit)?;
        request.adapter = Some(AdapterRequest { code: artifacts::adapter_code()?, leaf_commit });
    }
    let mut plan = deploy::plan(&node, &request, from)?;
    let Some(sender) = sender else {
        return answer(json, &DeployAnswer { dry_run: true, deployments: None, done: plan.is_done(), plan });
    };
    let path = args.deployments.clone().unwrap_or_else(|| deployments::default_path(node.chain_id()));
    let mut file =
        Deployments::read(&path, node.chain_id())?.unwrap_or_else(|| Deployments::new(node.chain_id()));
    if !json {
        say(&format!("{}\n", plan_text(&plan)))?;
    }
    // After every contract: what is on the chain is in the file, even if the next transaction fails.
    deploy::execute(&node, &mut plan, &sender, |contract| {
        contract.record(&mut file);
        file.write(&path)
    })?;
    answer(json, &DeployAnswer { dry_run: false, deployments: Some(path), done: plan.is_done(), plan })
}

impl Circuits {
    const fn list(self) -> &'static [Circuit] {
        match self {
            Self::Direct => &[Circuit::Direct],
            Self::Wrapped => &[Circuit::Wrapped],
            Self::Both => &Circuit::ALL,
        }
    }
}

/// What the chain said, and what was known before.
#[derive(Serialize)]
struct SubmitAnswer {
    file: PathBuf,
    /// Gas in a local EVM; nothing if no files of its contract are known here.
    local_gas: Option<u64>,
    #[serde(flatten)]
    submitted: Submitted,
}

/// `submit`.
pub fn run_submit(args: &SubmitArgs, json: bool) -> Result<(), CliError> {
    let file = ProofFile::from_bytes(&read(&args.file)?).map_err(CliError::about(&args.file))?;
    let ProofFile::Evm(proof) = file else {
        return Err(CliError::NotForChain { path: args.file.clone() });
    };
    let known = known_contract(&proof, args.generated.as_deref())?;
    let local = known.as_ref().map(|contract| check_locally(&proof, contract)).transpose()?;
    let node = args.node.connect()?;
    let target = match (args.to, args.router, &args.deployments) {
        (Some(address), _, _) => Target::Front(address),
        (None, Some(address), _) => Target::Router(address),
        (None, None, Some(path)) => Target::Deployments(path.clone()),
        (None, None, None) => Target::Deployments(deployments::default_path(node.chain_id())),
    };
    let sender = if args.call || args.dry_run { None } else { Some(args.key.open(&node)?) };
    let mode = match &sender {
        Some(sender) => Mode::Send(sender),
        None if args.call => Mode::Call,
        None => Mode::DryRun(args.key.unlocked),
    };
    let submitted = submit(&node, &proof, &target, known.as_ref(), mode)?;
    let local_gas = local.map(|verified| verified.gas);
    answer(json, &SubmitAnswer { file: args.file.clone(), local_gas, submitted })
}

/// Figures and what follows from them.
#[derive(Serialize)]
struct CostAnswer {
    measured_on: String,
    cycles: u64,
    #[serde(flatten)]
    advice: Advice,
}

/// `cost`.
pub fn run_cost(args: &CostArgs, json: bool) -> Result<(), CliError> {
    let figures = match (&args.figures, &args.direct[..], &args.wrapped[..]) {
        (Some(path), _, _) => Figures::read(path)?,
        (None, [direct, direct_report], [wrapped, wrapped_report]) => Figures::of(
            &Measured::read(direct, direct_report)?,
            &Measured::read(wrapped, wrapped_report)?,
            args.measured_on.clone(),
        )?,
        _ => artifacts::figures()?,
    };
    if let Some(path) = &args.save {
        save(path, &figures)?;
    }
    let gas_price = match (&args.rpc_url, args.gas_price) {
        (Some(url), _) => Node::connect(url)?.prices()?.now,
        (None, price) => sane_wei("--gas-price", price.unwrap_or_default())?,
    };
    let market = match (args.cpu_hour_price, args.eth_price) {
        (Some(cpu_hour), Some(ether)) => Some(Market {
            cpu_hour: price("--cpu-hour-price", cpu_hour)?,
            ether: price("--eth-price", ether)?,
        }),
        _ => None,
    };
    let Figures { measured_on, cycles, direct, wrapped } = figures;
    answer(json, &CostAnswer { measured_on, cycles, advice: advice(direct, wrapped, gas_price, market) })
}

fn save(path: &Path, figures: &Figures) -> Result<(), CliError> {
    write(path, (serde_json::to_string_pretty(figures).unwrap_or_default() + "\n").as_bytes())
}

fn price(what: &'static str, value: f64) -> Result<f64, CliError> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(CliError::Price { what }) }
}

/// Gwei as wei. Whoever sets a limit may set it as high as the chain needs.
fn wei(what: &'static str, gwei: f64) -> Result<u128, CliError> {
    Ok((price(what, gwei)? * 1e9).round() as u128)
}

/// The same; a price above a million gwei is a mistake.
fn sane_wei(what: &'static str, gwei: f64) -> Result<u128, CliError> {
    let wei = wei(what, gwei)?;
    if wei > MAX_GAS_PRICE { Err(CliError::Price { what }) } else { Ok(wei) }
}

fn say(text: &str) -> Result<(), CliError> {
    std::io::stdout().write_all(text.as_bytes()).map_err(CliError::Output)
}
