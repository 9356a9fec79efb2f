"""Staff's way in, and what each of them sees and changes of their own account."""
