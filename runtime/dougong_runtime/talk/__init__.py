"""What people say to each other about records: comments, mentions, followers, and notices of what happened."""
