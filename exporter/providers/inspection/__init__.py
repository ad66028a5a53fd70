"""What a definition finds in a response, in words: for people who write a definition, or compare one with a vendor's responses."""
