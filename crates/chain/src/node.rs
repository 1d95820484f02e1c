//! A node: questions, and transactions with their receipts.

use std::time::{Duration, Instant};

use alloy::{
    eips::eip2718::Encodable2718,
    network::{Ethereum, EthereumWallet, NetworkTransactionBuilder, TransactionBuilder},
    providers::{Provider, RootProvider},
    rpc::client::ClientBuilder,
    rpc::types::{TransactionReceipt, TransactionRequest},
    transports::{RpcError, TransportError, TransportResult},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use finial_evm::solidity::DEVELOPMENT_CHAINS;
use reqwest::Url;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::error::{Error, with_causes};
use crate::money::{MAX_GAS_PRICE, Wei};
use crate::revert::Revert;
use crate::secret::Sender;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for a receipt.
pub const RECEIPT_TIMEOUT: Duration = Duration::from_secs(300);
/// Receipts are asked for at first this often, then less.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A connection to a node, whose chain is known.
pub struct Node {
    runtime: Runtime,
    provider: RootProvider<Ethereum>,
    url: Url,
    chain_id: u64,
    /// Whether the chain was named by who uses this, not by the node alone.
    named: bool,
    /// What gas may cost, in wei.
    max_fee: u128,
    receipt_timeout: Duration,
}

/// A call: to whom, with what.
#[derive(Clone, Debug)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
}

/// Prices of gas at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// What gas costs now, in wei.
    pub now: u128,
    /// What a transaction offers at most, in wei.
    pub most: u128,
    /// Of that, the tip; `None` where the chain has no EIP-1559.
    tip: Option<u128>,
}

/// A mined transaction that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Its hash.
    pub transaction: B256,
    /// Number of its block.
    pub block: Option<u64>,
    /// Gas of the whole transaction.
    pub gas_used: u64,
    /// What it cost.
    pub paid: Wei,
}

impl Prices {
    /// The same with at most `limit` offered; the price that is above it, if one is. A tip is paid whole, so a
    /// node that names a low price and a high tip is refused too.
    fn within(self, limit: u128) -> Result<Self, u128> {
        let price = self.now.max(self.tip.unwrap_or_default());
        if price > limit { Err(price) } else { Ok(Self { most: self.most.min(limit), ..self }) }
    }
}

impl Node {
    /// Connects and asks for the chain's id.
    ///
    /// # Errors
    /// When the URL is none or the node does not answer.
    pub fn connect(url: &str) -> Result<Self, Error> {
        // An error of the parser could quote the URL, which may hold an API key.
        let url = Url::parse(url).map_err(|_| Error::Url)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Error::Url);
        }
        // Fails if another one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| Error::Client(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Client(error.to_string()))?;
        let provider = RootProvider::new(ClientBuilder::default().http_with_client(client, url.clone()));
        let mut node = Self {
            runtime,
            provider,
            url,
            chain_id: 0,
            named: false,
            max_fee: MAX_GAS_PRICE,
            receipt_timeout: RECEIPT_TIMEOUT,
        };
        node.chain_id = node.ask("eth_chainId", node.provider.get_chain_id())?;
        Ok(node)
    }

    /// Waits this long for receipts.
    #[must_use]
    pub fn with_receipt_timeout(self, receipt_timeout: Duration) -> Self {
        Self { receipt_timeout, ..self }
    }

    /// Requires this chain. Transactions are signed for it, so they are worth nothing on any other.
    ///
    /// # Errors
    /// When the node is on another one.
    pub fn on_chain(self, expected: u64) -> Result<Self, Error> {
        if self.chain_id == expected {
            return Ok(Self { named: true, ..self });
        }
        Err(Error::WrongChain { expected, node: self.chain_id })
    }

    /// Pays at most this for gas, in wei, instead of [`MAX_GAS_PRICE`].
    #[must_use]
    pub fn with_max_fee(self, max_fee: u128) -> Self {
        Self { max_fee, ..self }
    }

    /// The chain's id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Whether the chain is one on which development parameters and unlocked accounts are taken.
    #[must_use]
    pub fn is_development(&self) -> bool {
        DEVELOPMENT_CHAINS.contains(&self.chain_id)
    }

    /// Scheme, host and port: what of the URL may be shown.
    #[must_use]
    pub fn place(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}", self.url.scheme(), self.url.host_str().unwrap_or_default())
    }

    /// Whether this sender may send on this chain.
    ///
    /// # Errors
    /// Unlocked accounts are for development chains, and must exist. On other chains a key signs only if
    /// [`Self::on_chain`] named the chain: the node must not choose it.
    pub fn admit(&self, sender: &Sender) -> Result<(), Error> {
        let chain_id = self.chain_id;
        let Sender::Unlocked(address) = sender else {
            let allowed = self.named || self.is_development();
            return if allowed { Ok(()) } else { Err(Error::ChainNotNamed { chain_id }) };
        };
        if !self.is_development() {
            return Err(Error::UnlockedOnChain { chain_id });
        }
        let accounts = self.ask("eth_accounts", self.provider.get_accounts())?;
        if accounts.contains(address) {
            return Ok(());
        }
        Err(Error::NotUnlocked { place: self.place(), address: *address })
    }

    /// Hash of the code at an address, `None` where there is none.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn code_hash(&self, address: Address) -> Result<Option<B256>, Error> {
        let code = self.ask("eth_getCode", self.provider.get_code_at(address))?;
        Ok((!code.is_empty()).then(|| keccak256(&code)))
    }

    /// What gas costs, and what is offered for it: never more than the limit.
    ///
    /// # Errors
    /// When the node does not answer, or gas costs more than the limit.
    pub fn prices(&self) -> Result<Prices, Error> {
        let now = self.ask("eth_gasPrice", self.provider.get_gas_price())?;
        let fees = self.runtime.block_on(self.provider.estimate_eip1559_fees());
        let prices = match fees {
            Ok(fees) => {
                Prices { now, most: fees.max_fee_per_gas.max(now), tip: Some(fees.max_priority_fee_per_gas) }
            }
            // A chain without EIP-1559.
            Err(_) => Prices { now, most: now, tip: None },
        };
        let (chain_id, limit) = (self.chain_id, self.max_fee);
        prices.within(limit).map_err(|price| Error::Fee { chain_id, price, limit })
    }

    /// Runs a call on the latest state without sending it.
    ///
    /// # Errors
    /// [`Error::Reverted`] names what the contract said.
    pub fn call(&self, from: Option<Address>, call: &Call) -> Result<Bytes, Error> {
        let result = self.runtime.block_on(self.provider.call(request(from, call)).into_future());
        result.map_err(|error| self.explain("eth_call", call.to, &error))
    }

    /// Gas of the whole transaction, as the node estimates it.
    ///
    /// # Errors
    /// [`Error::Reverted`] names what the contract said.
    pub fn estimate(&self, from: Option<Address>, call: &Call) -> Result<u64, Error> {
        let result = self.runtime.block_on(self.provider.estimate_gas(request(from, call)).into_future());
        result.map_err(|error| self.explain("eth_estimateGas", call.to, &error))
    }

    /// Sends a call in a transaction with this limit of gas and waits for its receipt.
    ///
    /// # Errors
    /// When the node refuses it, it does not get mined in time, or fails.
    pub fn send(&self, sender: &Sender, call: &Call, gas: u64, prices: Prices) -> Result<Receipt, Error> {
        self.admit(sender)?;
        self.require_funds(sender.address(), Wei::of_gas(gas, prices.most))?;
        let transaction = self.submit(sender, call, gas, prices)?;
        let receipt = self.wait(transaction)?;
        if !receipt.status() {
            // Why is not in a receipt: the same call again may tell.
            let revert = match self.call(Some(sender.address()), call) {
                Err(Error::Reverted { revert, .. }) => Some(revert),
                _ => None,
            };
            return Err(Error::Failed { transaction, revert });
        }
        Ok(Receipt {
            transaction,
            block: receipt.block_number,
            gas_used: receipt.gas_used,
            paid: Wei::of_gas(receipt.gas_used, receipt.effective_gas_price),
        })
    }

    fn submit(&self, sender: &Sender, call: &Call, gas: u64, prices: Prices) -> Result<B256, Error> {
        let from = sender.address();
        let nonce =
            self.ask("eth_getTransactionCount", self.provider.get_transaction_count(from).pending())?;
        let mut request =
            request(Some(from), call).with_chain_id(self.chain_id).with_nonce(nonce).with_gas_limit(gas);
        request = match prices.tip {
            Some(tip) => {
                request.with_max_fee_per_gas(prices.most).with_max_priority_fee_per_gas(tip.min(prices.most))
            }
            None => request.with_gas_price(prices.most),
        };
        let pending = match sender {
            Sender::Unlocked(_) => {
                self.ask("eth_sendTransaction", self.provider.send_transaction(request))?
            }
            Sender::Key(signer) => {
                let wallet = EthereumWallet::new(signer.clone());
                // Nothing is missing in the request, so this signs and does not fail; its text has no key.
                let signed = self.runtime.block_on(request.build(&wallet)).map_err(|error| Error::Node {
                    place: "the signer".to_owned(),
                    what: "signing",
                    why: error.to_string(),
                })?;
                let raw = signed.encoded_2718();
                self.ask("eth_sendRawTransaction", self.provider.send_raw_transaction(&raw))?
            }
        };
        Ok(*pending.tx_hash())
    }

    fn wait(&self, transaction: B256) -> Result<TransactionReceipt, Error> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        while start.elapsed() < self.receipt_timeout {
            // A node that does not answer this once is asked again: the transaction is on its way.
            let receipt = self.runtime.block_on(self.provider.get_transaction_receipt(transaction));
            if let Ok(Some(receipt)) = receipt {
                return Ok(receipt);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(Error::NotMined { transaction, seconds: self.receipt_timeout.as_secs() })
    }

    fn require_funds(&self, address: Address, needs: Wei) -> Result<(), Error> {
        let balance: U256 = self.ask("eth_getBalance", self.provider.get_balance(address))?;
        let has = Wei(u128::try_from(balance).unwrap_or(u128::MAX));
        if has < needs { Err(Error::Funds { address, has, needs }) } else { Ok(()) }
    }

    fn ask<T>(
        &self,
        what: &'static str,
        question: impl IntoFuture<Output = TransportResult<T>>,
    ) -> Result<T, Error> {
        self.runtime.block_on(question.into_future()).map_err(|error| self.failure(what, &error))
    }

    fn explain(&self, what: &'static str, to: Address, error: &TransportError) -> Error {
        match revert_data(error) {
            Some(data) => Error::Reverted { address: to, revert: Box::new(Revert::decode(data)) },
            None => match error.as_error_resp() {
                Some(answer) => Error::Halted { address: to, why: answer.message.to_string() },
                None => self.failure(what, error),
            },
        }
    }

    fn failure(&self, what: &'static str, error: &TransportError) -> Error {
        let why = match error {
            RpcError::ErrorResp(answer) => answer.message.to_string(),
            // The text may quote the URL, path and all.
            other => redacted(&with_causes(other), &self.url, &self.place()),
        };
        Error::Node { place: self.place(), what, why }
    }
}

fn request(from: Option<Address>, call: &Call) -> TransactionRequest {
    let request = TransactionRequest::default().with_to(call.to).with_input(call.data.clone());
    match from {
        Some(from) => request.with_from(from),
        None => request,
    }
}

/// What a contract reverted with, where the node's answer holds it; empty for a revert without data.
fn revert_data(error: &TransportError) -> Option<Bytes> {
    let answer = error.as_error_resp()?;
    // Code 3 is what EIP-1474's successors give to reverts; others say it in the message.
    let reverted = answer.code == 3 || answer.message.to_lowercase().contains("revert");
    reverted.then(|| answer.as_revert_data().unwrap_or_default())
}

/// The text with the URL shortened to what may be shown.
fn redacted(text: &str, url: &Url, place: &str) -> String {
    let mut text = text.replace(url.as_str(), place);
    for secret in [url.path().trim_matches('/'), url.query().unwrap_or_default(), url.username()]
        .into_iter()
        .chain(url.password())
        .filter(|part| part.len() > 3)
    {
        text = text.replace(secret, "…");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_are_none() {
        for url in ["", "localhost:8545", "ftp://host/", "http://", "file:///etc/passwd", "ws://host"] {
            assert!(matches!(Node::connect(url), Err(Error::Url)), "{url}");
        }
    }

    #[test]
    fn prices_stay_within_the_limit() {
        let prices = Prices { now: 10, most: 25, tip: Some(3) };
        assert_eq!(prices.within(25), Ok(prices));
        assert_eq!(prices.within(10), Ok(Prices { most: 10, ..prices }));
        assert_eq!(prices.within(9), Err(10));
        assert_eq!(Prices { tip: Some(30), ..prices }.within(25), Err(30));
        assert_eq!(Prices { now: 7, most: 7, tip: None }.within(6), Err(7));
    }

    #[test]
    fn a_node_that_is_not_there_is_named_without_its_path() {
        // Port 9 of this machine: nobody listens there.
        let error = Node::connect("http://user:hunter22@127.0.0.1:9/v3/0123456789abcdef?key=topsecret");
        let error = error.err().unwrap();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("http://127.0.0.1:9"), "{shown}");
        for secret in ["0123456789abcdef", "hunter22", "topsecret"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
