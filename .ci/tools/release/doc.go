// Command release turns the modules of this repository into versions of
// themselves. It edits files, or writes a module proxy, and runs no git command
// that changes anything; .ci/release does the rest.
//
//	release modules               lists the published modules, each after those that it requires
//	release set VERSION           requires each module of the repository at VERSION, and opens the changelog's section for it
//	release pin VERSION           drops the replace directives among the published modules and adds the checksums instead
//	release proxy VERSION DIR     writes a file-system module proxy that serves the published modules at VERSION
//	release verify VERSION REV    compares the checksums that pin wrote with what a commit holds
//	release required              prints the version at which the tree's modules require each other
//	release internals             fails if a module, or a package below task, imports an internal package that it must not
//	release next                  prints the version of the next release: the one that the changelog announces, or the one that follows
//	release alone DIR             prints DIR's go.mod with a replace directive for each module of the repository that it requires
//
// It works in the current folder, the root of the repository.
package main
