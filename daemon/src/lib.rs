//! THE MACHINE: sockets, files, clock, tasks, command line. The map of the crate.
