// Package account follows value across a customer's account at a service: from what
// was paid in to what was paid out, by the rules that courts have used for mixed
// accounts, side by side.
//
// On the chain a trace ends at a service; only the service's books go on, and they
// say when and how much, never which unit. Every rule here is a convention. It never
// says which is right: no method is called the legal one.
package account
