//! Resolves the `#if USES_...` of kernel files, so that generated code holds only what its network uses.
//!
//! Kernels are ordinary C under `src/c`, which a C programmer can read, compile and lint. Conditions on the features of
//! a network are ordinary conditional blocks there: `#if USES_A`, or several joined by `||`. Other conditions are left to
//! the compiler.

/// A block that has been opened.
enum Block {
    /// A condition that is left to the compiler.
    Kept,
    /// A condition on features: whether its present branch is wanted.
    Resolved(bool),
}

/// The text without the blocks whose condition does not hold; `is_used` tells whether a feature is, given its name.
pub(crate) fn resolve(text: &str, is_used: &dyn Fn(&str) -> bool) -> String {
    let mut blocks: Vec<Block> = Vec::new();
    let mut resolved = String::with_capacity(text.len());
    for line in text.lines() {
        let directive = line.trim();
        if let Some(condition) = directive.strip_prefix("#if ").filter(|condition| condition.starts_with("USES_")) {
            blocks.push(Block::Resolved(condition.split("||").any(|name| is_used(name.trim()))));
            continue;
        }
        match (directive, blocks.last_mut()) {
            ("#else", Some(Block::Resolved(wanted))) => {
                *wanted = !*wanted;
                continue;
            }
            ("#endif", Some(Block::Resolved(_))) => {
                blocks.pop();
                continue;
            }
            ("#endif", Some(Block::Kept)) => {
                let wanted = is_wanted(&blocks);
                blocks.pop();
                if wanted {
                    push_line(&mut resolved, line);
                }
                continue;
            }
            _ => {}
        }
        let wanted = is_wanted(&blocks);
        if directive.starts_with("#if") {
            blocks.push(Block::Kept);
        }
        if wanted {
            push_line(&mut resolved, line);
        }
    }
    resolved
}

fn is_wanted(blocks: &[Block]) -> bool {
    blocks.iter().all(|block| matches!(block, Block::Kept | Block::Resolved(true)))
}

/// Appends a line; of several empty ones only the first.
fn push_line(text: &mut String, line: &str) {
    if line.is_empty() && text.ends_with("\n\n") {
        return;
    }
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wanted_branches_stay() {
        let text = "a\n#if USES_X\nb\n#if defined(D)\nc\n#else\nd\n#endif\n#else\ne\n#endif\n#if USES_Y || USES_X\nf\n#endif\n";
        let with = resolve(text, &|name| name == "USES_X");
        assert_eq!(with, "a\nb\n#if defined(D)\nc\n#else\nd\n#endif\nf\n");
        assert_eq!(resolve(text, &|_| false), "a\ne\n");
        assert_eq!(resolve(text, &|name| name == "USES_Y"), "a\ne\nf\n");
    }
}
