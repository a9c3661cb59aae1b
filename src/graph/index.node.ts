/**
 * The differentiable graph, ONNX, and sessions that run it.
 * @module spicula/graph
 */
export * from './index.ts'
export { openSession, type Session, type SessionOptions } from './session.node.ts'
