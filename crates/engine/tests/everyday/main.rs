//! Everyday: plain attacks and ordinary work from memory, one a line of the files beside, judged by the built-in rules
//! in `balanced`. Nothing here was copied from a corpus, so what is learnt there must hold here.

mod calls;
mod catalogues;
mod commands;
mod hosts;
mod judged;
mod places;
