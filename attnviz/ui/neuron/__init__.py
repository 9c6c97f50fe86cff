"""The page Neuron: activations, one neuron trained by hand, signals through layers, and what heads cost."""
