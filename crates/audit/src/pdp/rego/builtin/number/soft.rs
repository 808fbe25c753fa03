//! Floating point with a mantissa of 64 bits, rounded to the nearest: what Go's `big.Float` is when it is read from a text.

/// A decimal: digits, and how many of them stand behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: u64,
    places: u32,
}

/// The most digits behind the point. A double holds fifteen digits in all whatever they are.
const MAX_PLACES: u32 = 12;
/// The first number of more digits than a double holds.
const MAX_DIGITS: u64 = 1_000_000_000_000_000;

impl Decimal {
    pub(super) const fn whole(of: i64) -> Self {
        Self { negative: of < 0, digits: of.unsigned_abs(), places: 0 }
    }

    /// A double that is written with few digits.
    pub(super) fn of(double: f64) -> Option<Self> {
        let written = double.abs().to_string();
        let (whole, part) = written.split_once('.').unwrap_or((&written, ""));
        let places = u32::try_from(part.len()).ok().filter(|places| *places <= MAX_PLACES)?;
        let digits = format!("{whole}{part}").parse().ok().filter(|digits| *digits < MAX_DIGITS)?;
        Some(Self { negative: double < 0.0, digits, places })
    }

    pub(super) fn double(self) -> f64 {
        let scale = 10_u64.checked_pow(self.places).unwrap_or(1);
        // Both are exact, so the quotient is the nearest double, which is what the text is read as.
        #[expect(clippy::cast_precision_loss, reason = "both are below 2^53")]
        let magnitude = self.digits as f64 / scale as f64;
        if self.negative { -magnitude } else { magnitude }
    }

    pub(super) fn as_whole(self) -> Option<i64> {
        let signed = i128::from(self.digits) * if self.negative { -1 } else { 1 };
        (self.places == 0).then(|| i64::try_from(signed).ok()).flatten()
    }

    pub(super) const fn magnitude(self) -> Self {
        Self { negative: false, ..self }
    }

    pub(super) const fn is_negative(self) -> bool {
        self.negative
    }

    /// Without what stands behind the point.
    pub(super) fn truncated(self) -> i64 {
        let whole = i64::try_from(self.digits / 10_u64.pow(self.places)).unwrap_or(i64::MAX);
        if self.negative { -whole } else { whole }
    }
}

/// `mantissa × 2^exponent`; the mantissa's highest bit is set, unless it is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Soft {
    negative: bool,
    mantissa: u64,
    exponent: i32,
}

impl Soft {
    pub(super) fn of(decimal: Decimal) -> Self {
        let digits = u128::from(decimal.digits);
        let shift = digits.leading_zeros().min(127);
        let divisor = 10_u128.pow(decimal.places);
        let shifted = digits << shift;
        let exponent = -i32::try_from(shift).unwrap_or_default();
        Self::round(decimal.negative, shifted / divisor, shifted % divisor != 0, exponent)
    }

    /// The nearest to `wide × 2^exponent`, and a little more where something `remains`.
    fn round(negative: bool, wide: u128, remains: bool, exponent: i32) -> Self {
        let excess = (128 - wide.leading_zeros()).saturating_sub(64);
        if wide == 0 {
            return Self { negative: false, mantissa: 0, exponent: 0 };
        }
        let lead = i32::try_from(excess).unwrap_or_default();
        if excess == 0 {
            let short = wide.leading_zeros() - 64;
            let mantissa = u64::try_from(wide << short).unwrap_or_default();
            return Self { negative, mantissa, exponent: exponent - i32::try_from(short).unwrap_or_default() };
        }
        let (kept, cut, half) = (wide >> excess, wide & ((1 << excess) - 1), 1_u128 << (excess - 1));
        let up = cut > half || (cut == half && (remains || kept & 1 == 1));
        match u64::try_from(kept + u128::from(up)) {
            Ok(mantissa) => Self { negative, mantissa, exponent: exponent + lead },
            Err(_) => Self { negative, mantissa: 1 << 63, exponent: exponent + lead + 1 },
        }
    }

    pub(super) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    pub(super) const fn negated(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let (large, small) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        if large.is_zero() || small.is_zero() {
            return Some(if large.is_zero() { small } else { large });
        }
        let distance = u32::try_from(large.exponent - small.exponent).ok()?;
        let signed = |one: Self, shift: u32| {
            let wide = i128::from(one.mantissa) << shift;
            if one.negative { -wide } else { wide }
        };
        // What is further apart than that has no short decimal together, nor is it met.
        let total = signed(large, (distance <= 60).then_some(distance)?) + signed(small, 0);
        Some(Self::round(total < 0, total.unsigned_abs(), false, small.exponent))
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        let wide = u128::from(self.mantissa) * u128::from(other.mantissa);
        Some(Self::round(self.negative != other.negative, wide, false, self.exponent + other.exponent))
    }

    pub(super) fn over(self, other: Self) -> Option<Self> {
        let (wide, divisor) = (u128::from(self.mantissa) << 64, u128::from(other.mantissa));
        let (quotient, rest) = (wide.checked_div(divisor)?, wide.checked_rem(divisor)?);
        let (more, rest) = ((rest << 2) / divisor, (rest << 2) % divisor);
        let exponent = self.exponent - other.exponent - 66;
        Some(Self::round(self.negative != other.negative, (quotient << 2) + more, rest != 0, exponent))
    }

    /// The shortest decimal that is read as this, where it is short.
    pub(super) fn decimal(self) -> Option<Decimal> {
        (0..=MAX_PLACES).find_map(|places| {
            let digits = self.scaled(10_u64.checked_pow(places)?)?;
            // A whole number is written in full; with a point, a double must hold it.
            let fits = places == 0 || digits < MAX_DIGITS;
            let decimal = Decimal { negative: self.negative && digits > 0, digits, places };
            (fits && Self::of(decimal) == self).then_some(decimal)
        })
    }

    /// The whole number that is nearest to so many times this.
    fn scaled(self, times: u64) -> Option<u64> {
        let wide = u128::from(self.mantissa) * u128::from(times);
        match u32::try_from(-self.exponent) {
            Ok(shift @ 1..) => {
                let half = 1_u128.checked_shl(shift - 1)?;
                u64::try_from(wide.checked_add(half)?.checked_shr(shift)?).ok()
            }
            _ => {
                u64::try_from(wide.checked_shl(u32::try_from(self.exponent).ok()?)?).ok().filter(|_| self.exponent < 1)
            }
        }
    }
}
