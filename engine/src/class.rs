//! Class: a kind of GPU, over all its zones and tiers: its window's length, its trades of late, its reference rate.

use crate::ids::{ClassId, index, position};
use crate::reference_rate::{PARTITIONS, Samples};
use crate::stamp::Time;
use crate::symbol::ClassName;
use crate::units::Price;

/// One class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name.
    pub name: ClassName,
    /// Length of its delivery windows, and of the periods of its reference rate.
    pub window_seconds: u32,
    /// The last reference rate: none before the first, and none while the last period's was withheld.
    pub reference: Option<Price>,
    /// Start of the period that is being sampled.
    pub(crate) period: Time,
    /// What was traded in it.
    pub(crate) samples: Samples,
}

impl Class {
    /// Length of a period in nanoseconds.
    pub(crate) fn period_nanos(&self) -> u64 {
        u64::from(self.window_seconds) * Time::SECOND
    }

    /// The partition of the present period that `now` falls into.
    pub(crate) fn partition(&self, now: Time) -> usize {
        let into = now.0.saturating_sub(self.period.0);
        let partitions = u64::try_from(PARTITIONS).expect("there are few partitions");
        let partition = into / (self.period_nanos() / partitions);
        usize::try_from(partition.min(partitions - 1)).expect("there are few partitions")
    }
}

/// Every class, in order of its first market.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    classes: Vec<Class>,
}

impl Classes {
    /// The class of that name.
    pub fn named(&self, name: ClassName) -> Option<ClassId> {
        let at = self.classes.iter().position(|class| class.name == name)?;
        Some(ClassId(position(at)))
    }

    /// Whether there is such a class.
    pub(crate) fn contains(&self, class: ClassId) -> bool {
        index(class.0) < self.classes.len()
    }

    /// The class, which exists.
    pub fn at(&self, class: ClassId) -> &Class {
        &self.classes[index(class.0)]
    }

    pub(crate) fn at_mut(&mut self, class: ClassId) -> &mut Class {
        &mut self.classes[index(class.0)]
    }

    /// Adds a class, whose first period is the one that `now` falls into.
    pub(crate) fn add(&mut self, name: ClassName, window_seconds: u32, now: Time) -> ClassId {
        let nanos = u64::from(window_seconds) * Time::SECOND;
        let (period, samples) = (Time(now.0 / nanos * nanos), Samples::default());
        self.classes.push(Class { name, window_seconds, reference: None, period, samples });
        ClassId(position(self.classes.len() - 1))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Class> {
        self.classes.iter()
    }
}

fields!(Class { name, window_seconds, reference, period, samples });
fields!(Classes { classes });
