//! Random texts and numbers, all from the seam; this charges for them.

use bulla_core::Random;

use crate::crypto::{Error, random};
use crate::failure::Failure;
use crate::registry::{Args, Function, Kind};
use crate::scope::Scope;
use crate::text::runes;
use crate::value::Value;

const COUNT: &[Kind] = &[Kind::Int];

type Done = Result<Value, Failure>;
type Draw = fn(&dyn Random, i64) -> Result<String, Error>;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("randAlpha", COUNT, |scope, args| characters(scope, args, random::rand_alpha)),
    Function::new("randAlphaNum", COUNT, |scope, args| characters(scope, args, random::rand_alpha_num)),
    Function::new("randAscii", COUNT, |scope, args| characters(scope, args, random::rand_ascii)),
    Function::new("randBytes", COUNT, |scope, args| drawn(scope, args.int(0), random::rand_bytes)),
    Function::new("randInt", &[Kind::Int, Kind::Int], |scope, args| {
        scope.meter.step(4)?;
        Ok(Value::int(random::rand_int(scope.random, args.int(0), args.int(1))?))
    }),
    Function::new("randNumeric", COUNT, |scope, args| characters(scope, args, random::rand_numeric)),
    Function::new("shuffle", &[Kind::Text], shuffle),
    Function::new("uuidv4", &[], |scope, _| {
        scope.meter.step(4)?;
        let id = random::uuidv4(scope.random)?;
        scope.text(id)
    }),
];

/// Draws after charging: a byte takes about as long as a quarter of a step.
fn drawn(scope: &mut Scope<'_>, count: i64, draw: Draw) -> Done {
    let bytes = usize::try_from(count).unwrap_or(0);
    scope.meter.allocate(bytes.saturating_mul(3))?;
    scope.meter.step(4 + bytes as u64 / 4)?;
    let text = draw(scope.random, count)?;
    scope.text(text)
}

/// A negative number of characters gives none.
fn characters(scope: &mut Scope<'_>, args: &Args<'_>, draw: Draw) -> Done {
    drawn(scope, args.int(0).max(0), draw)
}

fn shuffle(scope: &mut Scope<'_>, args: &Args<'_>) -> Done {
    let bytes = args.text(0).len();
    scope.meter.allocate(bytes.saturating_mul(size_of::<char>()))?;
    scope.meter.step(bytes as u64)?;
    let mut runes: Vec<char> = runes::runes(args.text(0)).map(|(_, rune, _)| rune).collect();
    for at in (1..runes.len()).rev() {
        let other = random::rand_int(scope.random, 0, at as i64 + 1)?;
        runes.swap(at, other as usize);
    }
    scope.text(runes.into_iter().collect::<String>())
}
