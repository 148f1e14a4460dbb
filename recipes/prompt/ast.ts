// The prompt language as a tree: AUTOMATIC1111's syntax plus `{a|b}` choices. Every node keeps its own characters, so that a
// tree prints back to exactly the text it was parsed from, and its place in that text, so that problems can be underlined.

/** Half-open range of UTF-16 code units in the prompt as typed. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface TextNode extends Span {
  readonly type: 'text'
  readonly raw: string
}

/** `(a)`, `(a:1.3)`, `[a]`. `close` is empty where the bracket runs to the end of the prompt. */
export interface EmphasisNode extends Span {
  readonly type: 'emphasis'
  readonly open: '(' | '['
  readonly close: string
  /** What the bracket multiplies the weight by. */
  readonly weight: number
  readonly children: readonly PromptNode[]
}

/** `[from:to:when]`, `[to:when]`, `[from::when]`. */
export interface ScheduleNode extends Span {
  readonly type: 'schedule'
  /** Absent in `[to:when]`, which is nothing first. */
  readonly from: readonly PromptNode[] | undefined
  readonly to: readonly PromptNode[]
  /** With a decimal point a share of all steps, without one a step number. */
  readonly when: number
  readonly isShare: boolean
  /** `when` as typed, spaces included. */
  readonly rawWhen: string
}

/** `[a|b]`: a different option each step. */
export interface AlternateNode extends Span {
  readonly type: 'alternate'
  readonly options: readonly (readonly PromptNode[])[]
}

/** `{a|b}`: one option for the whole picture, drawn from its seed. */
export interface ChoiceNode extends Span {
  readonly type: 'choice'
  readonly options: readonly (readonly PromptNode[])[]
}

/** Braces without a `|`, or never closed: ordinary characters. */
export interface BracesNode extends Span {
  readonly type: 'braces'
  readonly close: '}' | ''
  readonly children: readonly PromptNode[]
}

/** `<lora:name:0.8>`: names a network to load; contributes no text. */
export interface NetworkNode extends Span {
  readonly type: 'network'
  readonly raw: string
  readonly kind: string
  readonly name: string
  readonly scale: number
}

/** `BREAK`: what follows starts a new chunk. */
export interface BreakNode extends Span {
  readonly type: 'break'
}

export type PromptNode =
  | TextNode
  | EmphasisNode
  | ScheduleNode
  | AlternateNode
  | ChoiceNode
  | BracesNode
  | NetworkNode
  | BreakNode

/** One of the prompts joined by `AND`; most prompts have one part. */
export interface PromptPart extends Span {
  readonly nodes: readonly PromptNode[]
  /** 1 unless `:weight` stands at the part's end. */
  readonly weight: number
  /** The weight as typed with colon and spaces, or empty. */
  readonly rawWeight: string
}

export interface PromptProblem extends Span {
  /** What is wrong and how it is read, in plain words. */
  readonly message: string
}

export interface Prompt {
  readonly parts: readonly PromptPart[]
  readonly problems: readonly PromptProblem[]
}
