//! Certificate chains by their key identifiers. Nothing here verifies a
//! signature: it is about the order of text.

use std::collections::HashMap;

use super::Error;
use super::certificate::{self, Certificate};

/// Orders certificates from the leaf to the root: each before the first other
/// one whose SubjectKeyId is its AuthorityKeyId; a missing identifier counts
/// as an empty one.
pub(super) fn ordered(all: &[Certificate]) -> Result<Vec<&Certificate>, Error> {
    let mut owners: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, certificate) in all.iter().enumerate() {
        let owners = owners.entry(certificate.subject_key_id.as_deref().unwrap_or_default()).or_default();
        if owners.len() < 2 {
            owners.push(at);
        }
    }
    let mut is_parent = vec![false; all.len()];
    let parents: Vec<Option<usize>> = all
        .iter()
        .enumerate()
        .map(|(at, certificate)| {
            let owners = owners.get(certificate.authority_key_id.as_deref().unwrap_or_default())?;
            let parent = *owners.iter().find(|owner| **owner != at)?;
            is_parent[parent] = true;
            Some(parent)
        })
        .collect();
    let mut leaves = (0..all.len()).filter(|at| !is_parent[*at]);
    let mut next = Some(leaves.next().ok_or(Error::Chain("no leaf certificate found"))?);
    if leaves.next().is_some() {
        return Err(Error::Chain("found multiple leaf or disjunct certificates"));
    }
    let mut chain = Vec::new();
    while let Some(at) = next {
        if chain.len() == all.len() {
            return Err(Error::Chain("constructing chain resulted in cycle"));
        }
        chain.push(&all[at]);
        next = parents[at];
    }
    Ok(chain)
}

/// `filterCertChain`: of the ordered chain, as PEM, the `leaf` (if another key
/// issued it), the `intermediate`s behind it up to the first root, or the
/// `root`; nothing where there is none, and for any other kind.
pub(crate) fn filter_cert_chain(kind: &str, input: &[u8]) -> Result<String, Error> {
    let all = certificate::all(input, false)?;
    let chain = ordered(&all)?;
    let wanted: &[&Certificate] = match (kind, chain.as_slice()) {
        ("leaf", [leaf, ..]) if !leaf.is_root() => &chain[..1],
        ("intermediate", [_, rest @ ..]) => {
            &rest[..rest.iter().position(|certificate| certificate.is_root()).unwrap_or(rest.len())]
        }
        ("root", [.., last]) if last.is_root() => &chain[chain.len() - 1..],
        _ => &[],
    };
    Ok(wanted.iter().map(|certificate| certificate.to_pem()).collect())
}
