//! Files, ports, signals and abstract sockets: Landlock.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use vanguard_engine::zone::Rights;

use crate::walls::{Ports, Walls};

/// Rights are spelt by this ABI: the first with all that [`Walls`] speaks of.
const SPELT: ABI = ABI::V6;

/// Restricts this thread and all that it starts, for ever. Tells whether the kernel keeps all of it.
pub(crate) fn restrict(walls: &Walls) -> Result<bool, RulesetError> {
    let level = if walls.degrade { CompatLevel::BestEffort } else { CompatLevel::HardRequirement };
    let mut ruleset = Ruleset::default().set_compatibility(level).handle_access(AccessFs::from_all(SPELT))?;
    if walls.connect != Ports::Any {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    if walls.bind != Ports::Any {
        ruleset = ruleset.handle_access(AccessNet::BindTcp)?;
    }
    let mut created = ruleset.scope(Scope::Signal)?.scope(Scope::AbstractUnixSocket)?.create()?;
    // What is no longer there needs no opening, and a right that files do not have is meant for directories.
    created = created.set_compatibility(CompatLevel::BestEffort);
    for opening in &walls.openings {
        created = created.add_rules(path_beneath_rules([&opening.path], access(opening.rights)))?;
    }
    created = ports(created, &walls.connect, AccessNet::ConnectTcp)?;
    created = ports(created, &walls.bind, AccessNet::BindTcp)?;
    Ok(created.restrict_self()?.ruleset == RulesetStatus::FullyEnforced)
}

fn ports(created: RulesetCreated, ports: &Ports, access: AccessNet) -> Result<RulesetCreated, RulesetError> {
    match ports {
        Ports::Any => Ok(created),
        Ports::Only(ports) => created.add_rules(ports.iter().map(|port| Ok(NetPort::new(*port, access)))),
    }
}

fn access(rights: Rights) -> BitFlags<AccessFs> {
    let mut access = BitFlags::<AccessFs>::empty();
    if rights.contains(Rights::READ) {
        access |= AccessFs::ReadFile | AccessFs::ReadDir;
    }
    if rights.contains(Rights::WRITE) {
        // Device nodes would be a way round every wall.
        access |= AccessFs::from_write(SPELT) & !(AccessFs::MakeChar | AccessFs::MakeBlock);
    }
    if rights.contains(Rights::EXECUTE) {
        access |= AccessFs::Execute;
    }
    access
}
