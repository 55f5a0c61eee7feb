//! Decimal arithmetic for the functions ending in `f`: exact where the digits
//! fit into 128 bits, which holds for all numbers people write.

use crate::failure::Failure;

/// Digits behind the point of a quotient.
const QUOTIENT_DIGITS: i32 = 16;

/// A number `digits * 10^exponent`, or a float where that does not fit.
#[derive(Clone, Copy)]
pub(super) enum Decimal {
    Exact { digits: i128, exponent: i32 },
    Float(f64),
}

impl Decimal {
    /// Takes the shortest decimal text of `number`.
    pub(super) fn new(number: f64) -> Result<Self, Failure> {
        if !number.is_finite() {
            return Err(Failure::new("cannot create a decimal from an infinite number"));
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
        let digits: i128 = mantissa.replace('.', "").parse().unwrap_or(0);
        let exponent: i32 = exponent.parse().unwrap_or(0);
        Ok(Self::Exact { digits, exponent: exponent - fraction })
    }

    /// Returns the nearest float.
    pub(super) fn to_float(self) -> f64 {
        match self {
            Self::Exact { digits, exponent } => format!("{digits}e{exponent}").parse().unwrap_or(f64::NAN),
            Self::Float(number) => number,
        }
    }

    pub(super) fn add(self, other: Self) -> Result<Self, Failure> {
        Ok(aligned(self, other, i128::checked_add)
            .unwrap_or_else(|| Self::Float(self.to_float() + other.to_float())))
    }

    pub(super) fn subtract(self, other: Self) -> Result<Self, Failure> {
        Ok(aligned(self, other, i128::checked_sub)
            .unwrap_or_else(|| Self::Float(self.to_float() - other.to_float())))
    }

    pub(super) fn multiply(self, other: Self) -> Result<Self, Failure> {
        Ok(product(self, other).unwrap_or_else(|| Self::Float(self.to_float() * other.to_float())))
    }

    /// Divides, rounding halves away from zero.
    pub(super) fn divide(self, other: Self) -> Result<Self, Failure> {
        if other.to_float() == 0.0 {
            return Err(Failure::new("decimal division by 0"));
        }
        Ok(quotient(self, other).unwrap_or_else(|| Self::Float(self.to_float() / other.to_float())))
    }
}

fn aligned(left: Decimal, right: Decimal, operation: fn(i128, i128) -> Option<i128>) -> Option<Decimal> {
    let Decimal::Exact { digits: a, exponent: x } = left else { return None };
    let Decimal::Exact { digits: b, exponent: y } = right else { return None };
    let exponent = x.min(y);
    let digits = operation(scaled(a, x - exponent)?, scaled(b, y - exponent)?)?;
    Some(Decimal::Exact { digits, exponent })
}

fn product(left: Decimal, right: Decimal) -> Option<Decimal> {
    let Decimal::Exact { digits: a, exponent: x } = left else { return None };
    let Decimal::Exact { digits: b, exponent: y } = right else { return None };
    Some(Decimal::Exact { digits: a.checked_mul(b)?, exponent: x + y })
}

fn scaled(digits: i128, power: i32) -> Option<i128> {
    if digits == 0 {
        return Some(0);
    }
    digits.checked_mul(10i128.checked_pow(u32::try_from(power).ok()?)?)
}

fn quotient(left: Decimal, right: Decimal) -> Option<Decimal> {
    let Decimal::Exact { digits: a, exponent: x } = left else { return None };
    let Decimal::Exact { digits: b, exponent: y } = right else { return None };
    let power = x - y + QUOTIENT_DIGITS;
    let (a, b) = if power >= 0 { (scaled(a, power)?, b) } else { (a, scaled(b, -power)?) };
    let (whole, rest) = (a / b, a % b);
    let away = rest.unsigned_abs() >= b.unsigned_abs() - rest.unsigned_abs();
    let step = if (a < 0) == (b < 0) { 1 } else { -1 };
    Some(Decimal::Exact {
        digits: if away && rest != 0 { whole.checked_add(step)? } else { whole },
        exponent: -QUOTIENT_DIGITS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_no_binary_noise() {
        let new = |number| Decimal::new(number).ok().expect("finite");
        assert_eq!(new(0.1).add(new(0.2)).ok().map(Decimal::to_float), Some(0.3));
        assert_eq!(new(1.0).divide(new(3.0)).ok().map(Decimal::to_float), Some(0.333_333_333_333_333_3));
        assert_eq!(new(1.1).multiply(new(1.1)).ok().map(Decimal::to_float), Some(1.21));
        assert!(new(1.0).divide(new(0.0)).is_err());
    }
}
