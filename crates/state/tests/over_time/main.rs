//! Conversations of which each message is innocent and the whole is not, and their look-alikes that are honest work.

mod attacks;
mod honest;
mod talk;
