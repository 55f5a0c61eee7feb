//! The functions that templates call, one file per family.

#![allow(clippy::unnecessary_wraps, reason = "the bodies of functions share one shape")]
#![allow(clippy::float_cmp, reason = "templates compare floats exactly")]

mod builtins;
mod compare;
mod convert;
mod crypto;
mod dates;
mod decimal;
mod defaults;
mod dicts;
mod encoding;
mod equality;
mod escape;
mod external;
mod jsons;
mod lists;
mod math;
pub(crate) mod methods;
mod paths;
mod random;
mod reflection;
mod regexps;
pub(crate) mod semver;
mod split;
mod strings;
pub(crate) mod url;
mod words;
mod yaml;

use crate::registry::Function;

/// All families. The order means nothing.
pub(crate) const FAMILIES: &[&[Function]] = &[
    builtins::FUNCTIONS,
    compare::FUNCTIONS,
    crypto::FUNCTIONS,
    dates::FUNCTIONS,
    defaults::FUNCTIONS,
    dicts::FUNCTIONS,
    encoding::FUNCTIONS,
    escape::FUNCTIONS,
    external::FUNCTIONS,
    jsons::FUNCTIONS,
    lists::FUNCTIONS,
    math::FUNCTIONS,
    paths::FUNCTIONS,
    random::FUNCTIONS,
    reflection::FUNCTIONS,
    regexps::FUNCTIONS,
    semver::FUNCTIONS,
    split::FUNCTIONS,
    strings::FUNCTIONS,
    url::FUNCTIONS,
    words::FUNCTIONS,
    yaml::FUNCTIONS,
];
