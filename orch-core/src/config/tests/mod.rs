mod check;
mod fuzz;
mod oracle;
mod trees;
