//! The PEM blocks of a text that can be read, as Go's `encoding/pem` finds
//! them: one that is malformed hides no other (`sealed-secrets.md` 1.5).

use pem::Pem;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";

/// The blocks of a text in its order; what is no block is passed over.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = Pem> {
    // Bytes that are no UTF-8 are none of a block's.
    let text = Zeroizing::new(String::from_utf8_lossy(text).into_owned());
    let starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let found: Vec<Pem> =
        starts.iter().zip(ends).filter_map(|(start, end)| block(&text[*start..end])).collect();
    found.into_iter()
}

fn block(text: &str) -> Option<Pem> {
    if text.contains(':') {
        return pem::parse(text).ok();
    }
    // Without headers an empty line ends none.
    let mut packed = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.split_inclusive('\n').filter(|line| !line.trim().is_empty()) {
        packed.push_str(line);
    }
    pem::parse(packed.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_block_hides_no_other() {
        let good = "-----BEGIN A-----\nAAAA\n-----END A-----\n";
        for (text, count) in [
            (String::new(), 0),
            ("-----BEGIN A-----\nAAAA\n".to_owned(), 0),
            (format!("{good}{good}"), 2),
            (format!("junk \u{fffd}\n{good}: more"), 1),
            (format!("{good}-----BEGIN A-----\n!!!\n-----END A-----\n"), 1),
            (format!("-----BEGIN A-----\n!!!\n-----END A-----\n{good}"), 1),
            (format!("-----BEGIN NOTE-----\na note!\n-----END NOTE-----\n{good}"), 1),
            (format!("-----BEGIN A-----\n{good}"), 1),
            (good.replace("AAAA", "AA\n\n \nAA"), 1),
            (good.replace("AAAA", "Proc-Type: 4\n\nAAAA"), 1),
            (good.replace('\n', "\r\n"), 1),
        ] {
            let found: Vec<Pem> = blocks(text.as_bytes()).collect();
            assert_eq!(found.len(), count, "{text}");
            assert!(found.iter().all(|block| block.contents() == [0, 0, 0]), "{text}");
        }
    }
}
