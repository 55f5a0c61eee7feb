//! Templates against the stored answers of Go, and against hostile input.

mod hostile;
mod lists;
mod seams;
mod vectors;
