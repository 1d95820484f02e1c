#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod args;
mod bar;
mod chain;
mod error;
mod params;
mod print;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use finial_sdk::outcome::ProveOutcome;
use finial_sdk::{Circuit, Claim, Expected, Options, ProofFile, Sdk};
use serde::Serialize;

use args::{Cli, Global, Guest, Kind, Params, ProveArgs, Verb, VerifyArgs};
use bar::Bar;
use error::{CliError, GUEST_FAILED};
use print::Text;

fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            // Nothing can be done about a stderr that is gone.
            drop(writeln!(std::io::stderr(), "error: {}", error.chain()));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode, CliError> {
    let json = cli.global.json;
    let sdk = sdk(&cli.global)?;
    match &cli.verb {
        Verb::Run(guest) => return run_guest(&sdk, guest, json),
        Verb::Commit { elf } => {
            let program = read_program(&sdk, elf)?;
            answer(json, &sdk.commit(&program).map_err(CliError::about(elf))?)?;
        }
        Verb::Setup { wrap } => answer(json, &sdk.setup(circuit(*wrap))?)?,
        Verb::Prove(Kind::App { args, workers }) => {
            prove(json, args, "app", &sdk, |program, input| sdk.prove_app(program, input, *workers))?;
        }
        Verb::Prove(Kind::Stark(args)) => {
            prove(json, args, "stark", &sdk, |program, input| sdk.prove_stark(program, input))?;
        }
        Verb::Prove(Kind::Evm(args)) | Verb::EvmProve(args) => {
            prove(json, &args.prove, "json", &sdk, |program, input| {
                sdk.prove_evm(program, input, circuit(args.wrap))
            })?;
        }
        Verb::Verify(args) => verify(&sdk, args, json)?,
        Verb::Contract { out, wrap } => answer(json, &sdk.contract(circuit(*wrap), out)?)?,
        Verb::Params(verb) => parameters(&sdk, verb, json)?,
        Verb::Security => {
            let outcome = sdk.security()?;
            answer(json, &outcome)?;
            if !outcome.is_met() {
                return Err(CliError::Security { bits: outcome.bits, target: outcome.target_bits });
            }
        }
        Verb::Deploy(args) => chain::run_deploy(args, json)?,
        Verb::Submit(args) => chain::run_submit(args, json)?,
        Verb::Cost(args) => chain::run_cost(args, json)?,
        Verb::Bench => answer(json, &sdk.bench()?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn sdk(global: &Global) -> Result<Sdk, CliError> {
    let mut options = match &global.cache {
        Some(cache) => Options::in_cache(cache.clone()),
        None => Options::new()?,
    };
    options.app_vm = global.app_vm.into();
    options.params.clone_from(&global.params);
    options.contract.clone_from(&global.contract);
    options.max_cycles = global.max_cycles;
    Ok(Sdk::with_observer(options, Box::new(Bar::new(global.json))))
}

const fn circuit(wrap: bool) -> Circuit {
    if wrap { Circuit::Wrapped } else { Circuit::Direct }
}

fn parameters(sdk: &Sdk, verb: &Params, json: bool) -> Result<(), CliError> {
    match verb {
        Params::Dev { wrap } => {
            answer(json, &params::Made { sets: sdk.development_parameters(circuit(*wrap))? })
        }
        Params::Import { file, name, sha256, wrap } => {
            let digest = sha256.as_deref().map(|sha256| word("--sha256", sha256)).transpose()?;
            let claim = name.as_deref().zip(digest.as_ref());
            let claim = claim.map(|(name, sha256)| Claim { name, sha256 });
            answer(json, &sdk.import_parameters(circuit(*wrap), file, claim)?)
        }
        Params::Check { name } => answer(json, &sdk.check_parameters(name.as_deref())?),
        Params::List => answer(json, &sdk.list_parameters()?),
    }
}

fn run_guest(sdk: &Sdk, guest: &Guest, json: bool) -> Result<ExitCode, CliError> {
    let program = read_program(sdk, &guest.elf)?;
    let outcome = sdk.run(&program, &read_input(&guest.input)?).map_err(CliError::about(&guest.elf))?;
    answer(json, &outcome)?;
    Ok(if outcome.exit_code == 0 { ExitCode::SUCCESS } else { ExitCode::from(GUEST_FAILED) })
}

fn prove(
    json: bool,
    args: &ProveArgs,
    extension: &str,
    sdk: &Sdk,
    prove: impl FnOnce(&finial_sdk::Program, &[u8]) -> Result<(ProofFile, ProveOutcome), finial_sdk::SdkError>,
) -> Result<(), CliError> {
    let elf = &args.guest.elf;
    let program = read_program(sdk, elf)?;
    let input = read_input(&args.guest.input)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(elf.file_stem().unwrap_or_default()).with_extension(extension));
    // Better now than after an hour's work.
    for path in [Some(&out), args.report.as_ref()].into_iter().flatten() {
        require_directory(path)?;
    }
    let (file, outcome) = prove(&program, &input).map_err(CliError::about(elf))?;
    write(&out, &file.to_bytes()?)?;
    if let Some(path) = &args.report {
        let text = serde_json::to_string_pretty(&outcome.report).unwrap_or_default() + "\n";
        write(path, text.as_bytes())?;
    }
    answer(json, &print::Proved { file: out, outcome })
}

fn verify(sdk: &Sdk, args: &VerifyArgs, json: bool) -> Result<(), CliError> {
    let expected = match (&args.elf, &args.exe_commit, &args.leaf_commit) {
        (Some(elf), _, _) => Expected::Program(Box::new(read_program(sdk, elf)?)),
        (None, Some(exe), Some(leaf)) => Expected::Commitments {
            exe_commit: word("--exe-commit", exe)?,
            leaf_commit: word("--leaf-commit", leaf)?,
        },
        _ => Expected::Anything,
    };
    let file = ProofFile::from_bytes(&read(&args.file)?).map_err(CliError::about(&args.file))?;
    let outcome = sdk.verify(&file, &expected).map_err(CliError::about(&args.file))?;
    answer(json, &outcome)
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}

fn read_program(sdk: &Sdk, elf: &Path) -> Result<finial_sdk::Program, CliError> {
    sdk.program(&read(elf)?).map_err(CliError::about(elf))
}

/// Input bytes: hexadecimal, or the contents of a file.
fn read_input(input: &str) -> Result<Vec<u8>, CliError> {
    match input.strip_prefix('@') {
        Some(path) => read(Path::new(path)),
        None => bytes("--input", input),
    }
}

fn bytes(what: &'static str, text: &str) -> Result<Vec<u8>, CliError> {
    let text = text.trim();
    hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(|source| CliError::Hex { what, source })
}

fn word(what: &'static str, text: &str) -> Result<[u8; 32], CliError> {
    let bytes = bytes(what, text)?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| CliError::Length { what, found })
}

/// Writes a file whole or not at all.
fn write(path: &Path, contents: &[u8]) -> Result<(), CliError> {
    let failed = |source| CliError::Write { path: path.to_owned(), source };
    let mut file =
        tempfile::Builder::new().permissions(readable()).tempfile_in(directory_of(path)).map_err(failed)?;
    file.write_all(contents).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Proofs are no secrets.
fn readable() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o644)
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn require_directory(path: &Path) -> Result<(), CliError> {
    let directory = directory_of(path);
    if directory.is_dir() {
        return Ok(());
    }
    let source = std::io::Error::new(std::io::ErrorKind::NotFound, "its directory does not exist");
    Err(CliError::Write { path: path.to_owned(), source })
}

fn answer<T: Serialize + Text>(json: bool, outcome: &T) -> Result<(), CliError> {
    let text =
        if json { serde_json::to_string_pretty(outcome).unwrap_or_default() + "\n" } else { outcome.text() };
    std::io::stdout().write_all(text.as_bytes()).map_err(CliError::Output)
}
