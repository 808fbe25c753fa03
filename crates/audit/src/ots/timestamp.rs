//! The tree of operations, and what it leads to.

use sha2::{Digest as _, Sha256};

use super::reader::{Reader, write_counted, write_number};
use super::{MAX_BYTES, MAX_DEPTH, MAX_MESSAGE, MAX_OPS, OtsError};

/// Before a branch that others follow.
const FORK: u8 = 0xff;
/// Before an attestation.
const ATTESTATION: u8 = 0x00;
const SHA256: u8 = 0x08;
const APPEND: u8 = 0xf0;
const PREPEND: u8 = 0xf1;

/// What tells kinds of attestations apart.
const BITCOIN: [u8; 8] = [0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01];
const PENDING: [u8; 8] = [0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e];
/// The most bytes of an attestation, and of a calendar's address.
const MAX_ATTESTATION: usize = 8192;
const MAX_ADDRESS: usize = 1000;

/// What leads from one message to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Puts bytes behind it.
    Append(Vec<u8>),
    /// Puts bytes before it.
    Prepend(Vec<u8>),
    /// Takes its SHA-256.
    Sha256,
}

impl Op {
    /// What it makes of a message.
    pub fn apply(&self, message: &[u8]) -> Result<Vec<u8>, OtsError> {
        let made = match self {
            Self::Append(bytes) => [message, bytes].concat(),
            Self::Prepend(bytes) => [bytes, message].concat(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
        };
        if made.len() > MAX_MESSAGE { Err(OtsError::Limit("a message")) } else { Ok(made) }
    }

    fn read(tag: u8, from: &mut Reader<'_>) -> Result<Self, OtsError> {
        let argument = |from: &mut Reader<'_>| match from.counted(MAX_MESSAGE, "an operation")? {
            [] => Err(OtsError::Empty),
            bytes => Ok(bytes.to_vec()),
        };
        match tag {
            SHA256 => Ok(Self::Sha256),
            APPEND => argument(from).map(Self::Append),
            PREPEND => argument(from).map(Self::Prepend),
            other => Err(OtsError::Operation(other)),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sha256 => out.push(SHA256),
            Self::Append(bytes) => {
                out.push(APPEND);
                write_counted(out, bytes);
            }
            Self::Prepend(bytes) => {
                out.push(PREPEND);
                write_counted(out, bytes);
            }
        }
    }
}

/// What a message leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attestation {
    /// A calendar has promised to put it into a block. Its address is what the proof says, and is never asked.
    Pending(String),
    /// It is the Merkle root of the block of this height.
    Bitcoin(u64),
    /// Something else, which proves nothing here.
    Unknown {
        /// Its kind.
        tag: [u8; 8],
        /// What it says.
        payload: Vec<u8>,
    },
}

impl Attestation {
    fn read(from: &mut Reader<'_>) -> Result<Self, OtsError> {
        let mut tag = [0; 8];
        tag.copy_from_slice(from.bytes(8)?);
        let payload = from.counted(MAX_ATTESTATION, "an attestation")?;
        let mut inner = Reader::new(payload);
        let read = match tag {
            BITCOIN => Self::Bitcoin(inner.number()?),
            PENDING => {
                let address = inner.counted(MAX_ADDRESS, "a calendar's address")?;
                let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(byte);
                if !address.iter().all(fits) {
                    return Err(OtsError::Address);
                }
                Self::Pending(String::from_utf8_lossy(address).into_owned())
            }
            tag => return Ok(Self::Unknown { tag, payload: payload.to_vec() }),
        };
        inner.end()?;
        Ok(read)
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        let (tag, payload) = match self {
            Self::Pending(address) => {
                write_counted(&mut payload, address.as_bytes());
                (&PENDING, &payload)
            }
            Self::Bitcoin(height) => {
                write_number(&mut payload, *height);
                (&BITCOIN, &payload)
            }
            Self::Unknown { tag, payload } => (tag, payload),
        };
        out.push(ATTESTATION);
        out.extend_from_slice(tag);
        write_counted(out, payload);
    }
}

/// What a message leads to, at once and by operations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timestamp {
    attestations: Vec<Attestation>,
    branches: Vec<(Op, Timestamp)>,
}

impl Timestamp {
    /// Reads what a calendar answers about `message`.
    pub fn parse(bytes: &[u8], message: &[u8]) -> Result<Self, OtsError> {
        if bytes.len() > MAX_BYTES {
            return Err(OtsError::Limit("the proof's length"));
        }
        let mut from = Reader::new(bytes);
        let parsed = Self::read(&mut from, message)?;
        from.end()?;
        Ok(parsed)
    }

    pub(super) fn read(from: &mut Reader<'_>, message: &[u8]) -> Result<Self, OtsError> {
        Self::read_at(from, message, MAX_DEPTH, &mut MAX_OPS.clone())
    }

    fn read_at(from: &mut Reader<'_>, message: &[u8], depth: usize, ops: &mut usize) -> Result<Self, OtsError> {
        let depth = depth.checked_sub(1).ok_or(OtsError::Limit("operations after one another"))?;
        let mut read = Self::default();
        loop {
            let tag = from.byte()?;
            let (tag, last) = if tag == FORK { (from.byte()?, false) } else { (tag, true) };
            *ops = ops.checked_sub(1).ok_or(OtsError::Limit("the number of operations"))?;
            if tag == ATTESTATION {
                read.attestations.push(Attestation::read(from)?);
            } else {
                let op = Op::read(tag, from)?;
                let next = op.apply(message)?;
                read.branches.push((op, Self::read_at(from, &next, depth, ops)?));
            }
            if last {
                return Ok(read);
            }
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let count = self.attestations.len() + self.branches.len();
        let mut number = 0;
        let mut fork = |out: &mut Vec<u8>| {
            number += 1;
            if number < count {
                out.push(FORK);
            }
        };
        for attestation in &self.attestations {
            fork(out);
            attestation.write(out);
        }
        for (op, next) in &self.branches {
            fork(out);
            op.write(out);
            next.write(out);
        }
    }

    /// `message` after an operation.
    #[must_use]
    pub fn after(op: Op, next: Self) -> Self {
        Self { attestations: Vec::new(), branches: vec![(op, next)] }
    }

    /// Takes in what else is known about the same message.
    pub fn merge(&mut self, other: Self) {
        for attestation in other.attestations {
            if !self.attestations.contains(&attestation) {
                self.attestations.push(attestation);
            }
        }
        for (op, next) in other.branches {
            if let Some((_, known)) = self.branches.iter_mut().find(|(known, _)| *known == op) {
                known.merge(next);
            } else {
                // What comes may say the same twice within itself.
                let mut own = Self::default();
                own.merge(next);
                self.branches.push((op, own));
            }
        }
    }

    /// Each attestation, with the message that it is about, from `message` on.
    pub fn each(&self, message: &[u8], with: &mut impl FnMut(&[u8], &Attestation)) {
        for attestation in &self.attestations {
            with(message, attestation);
        }
        for (op, next) in &self.branches {
            // What was read was applied then; what was put together since is held against the limits when it is written.
            if let Ok(made) = op.apply(message) {
                next.each(&made, with);
            }
        }
    }

    /// How many promises of calendars have led to a block.
    pub fn kept(&self) -> usize {
        let promise = self.attestations.iter().any(|attestation| matches!(attestation, Attestation::Pending(_)));
        if promise { usize::from(self.in_a_block()) } else { self.branches.iter().map(|(_, next)| next.kept()).sum() }
    }

    fn in_a_block(&self) -> bool {
        self.attestations.iter().any(|attestation| matches!(attestation, Attestation::Bitcoin(_)))
            || self.branches.iter().any(|(_, next)| next.in_a_block())
    }

    /// Takes in what is known about `at`, which `message` leads to. Whether it does.
    pub fn graft(&mut self, message: &[u8], at: &[u8], found: &Self) -> bool {
        if message == at {
            self.merge(found.clone());
            return true;
        }
        self.branches.iter_mut().any(|(op, next)| op.apply(message).is_ok_and(|made| next.graft(&made, at, found)))
    }
}
